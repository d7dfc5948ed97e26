// Coroutines of several io threads that wait for one thing.
//
// The owner guards it, and the state that is waited for, with one mutex:
//
//   std::unique_lock lock(mutex_);
//   while (!ready_) {
//     auto waiter = waiting_.enter(executor);
//     lock.unlock();
//     bool woken = co_await wait(std::move(waiter), deadline);   // the lock is never held across it
//     lock.lock();
//     if (!woken && !ready_) co_return timed out;
//   }
//
// No wake-up is lost: a waiter enters under the lock under which the state changes, and is woken by a post to its own
// thread, where the coroutine has reached its suspension by then.
#pragma once

#include <memory>
#include <vector>

#include "entrepot/io/async.hpp"

namespace entrepot::io {

class WaitList {
 public:
  class Waiter;

  // With the owner's mutex held, by a coroutine that runs on `executor` and calls wait() next.
  std::shared_ptr<Waiter> enter(Executor executor);

  // With the owner's mutex held, from any thread: resumes all that have entered, each on its own thread.
  void wake_all();

  // With the owner's mutex held: nobody who has entered is resumed.
  void clear() { waiters_.clear(); }

 private:
  std::vector<std::shared_ptr<Waiter>> waiters_;
};

// Suspends until wake_all() (true) or `deadline` (false). A waiter that timed out can wait again; it is dropped at the
// next wake_all().
Awaitable<bool> wait(std::shared_ptr<WaitList::Waiter> waiter, Deadline deadline);

}  // namespace entrepot::io
