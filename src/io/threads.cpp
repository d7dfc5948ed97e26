#include "entrepot/io/threads.hpp"

#include <pthread.h>

#include <boost/asio/executor_work_guard.hpp>

namespace entrepot::io {

namespace {

thread_local std::size_t this_thread = 0;

}  // namespace

Threads::Threads(std::size_t count) {
  if (count == 0) count = std::max(1u, std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < count; ++i) {
    contexts_.push_back(std::make_unique<Context>(1));
    work_.push_back(net::make_work_guard(*contexts_.back()));
  }
}

Threads::~Threads() {
  stop();
  join();
  abandon();
}

void Threads::start() {
  for (std::size_t i = 0; i < contexts_.size(); ++i) {
    threads_.emplace_back([this, i] {
      this_thread = i;
      pthread_setname_np(pthread_self(), ("io-" + std::to_string(i)).c_str());
      contexts_[i]->run();
    });
  }
}

void Threads::stop() {
  for (auto& context : contexts_) context->stop();
}

void Threads::join() {
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Threads::abandon() {
  for (auto& context : contexts_) context->shutdown();
}

std::size_t Threads::current() { return this_thread; }

Awaitable<> sleep_for(SteadyClock::duration delay) {
  Timer timer(co_await net::this_coro::executor);
  timer.expires_after(delay);
  co_await timer.async_wait(as_result);
}

}  // namespace entrepot::io
