#include "entrepot/io/wait_list.hpp"

#include <boost/asio/post.hpp>

namespace entrepot::io {

// Its timer belongs to the coroutine that waits: a list may outlive the thread of one that has given up.
class WaitList::Waiter {
 public:
  explicit Waiter(Executor executor) : executor_(executor) {}

  // On the waiter's own thread.
  void wake() {
    woken_ = true;
    if (timer_ != nullptr) timer_->cancel();
  }

  Executor executor() const { return executor_; }

 private:
  friend Awaitable<bool> wait(std::shared_ptr<WaitList::Waiter> waiter, Deadline deadline);

  const Executor executor_;
  Timer* timer_ = nullptr;  // while it waits
  bool woken_ = false;
};

std::shared_ptr<WaitList::Waiter> WaitList::enter(Executor executor) {
  return waiters_.emplace_back(std::make_shared<Waiter>(executor));
}

void WaitList::wake_all() {
  for (auto& waiter : waiters_) {
    Executor executor = waiter->executor();
    net::post(executor, [waiter = std::move(waiter)] { waiter->wake(); });
  }
  waiters_.clear();
}

Awaitable<bool> wait(std::shared_ptr<WaitList::Waiter> waiter, Deadline deadline) {
  if (waiter->woken_) co_return true;
  Timer timer(waiter->executor_, deadline);
  waiter->timer_ = &timer;
  co_await timer.async_wait(as_result);
  waiter->timer_ = nullptr;
  co_return waiter->woken_;
}

}  // namespace entrepot::io
