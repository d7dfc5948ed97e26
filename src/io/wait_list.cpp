#include "entrepot/io/wait_list.hpp"

#include <boost/asio/post.hpp>

namespace entrepot::io {

class WaitList::Waiter {
 public:
  explicit Waiter(Executor executor) : timer_(executor) {}

  // On the waiter's own thread.
  void wake() {
    woken_ = true;
    timer_.cancel();
  }

  Executor executor() { return timer_.get_executor(); }

 private:
  friend Awaitable<bool> wait(std::shared_ptr<WaitList::Waiter> waiter, Deadline deadline);

  Timer timer_;
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
  waiter->timer_.expires_at(deadline);
  co_await waiter->timer_.async_wait(as_result);
  co_return waiter->woken_;
}

}  // namespace entrepot::io
