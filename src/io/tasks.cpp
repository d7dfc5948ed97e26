#include "entrepot/io/tasks.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <memory>

#include "entrepot/base/log.hpp"

namespace entrepot::io {

namespace {

void log_if_failed(const char* name, const std::exception_ptr& failure) {
  if (!failure) return;
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& exception) {
    log::error("task_failed", {{"task", name}, {"error", exception.what()}});
  }
}

// co_spawn starts the coroutine inside the call when the caller is on the executor's thread; this suspends it first.
Awaitable<> run_later(Awaitable<> task) {
  co_await net::post(co_await net::this_coro::executor, use_awaitable);
  co_await std::move(task);
}

}  // namespace

void Tasks::spawn(Executor executor, const char* name, Awaitable<> task) {
  ++running_;
  net::co_spawn(executor, run_later(std::move(task)), [this, name](std::exception_ptr failure) {
    log_if_failed(name, failure);
    --running_;
  });
}

}  // namespace entrepot::io
