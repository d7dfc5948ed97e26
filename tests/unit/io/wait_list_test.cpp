#include "entrepot/io/wait_list.hpp"

#include <gtest/gtest.h>

#include <mutex>
#include <thread>

#include "support/run_coro.hpp"

namespace entrepot::io {
namespace {

// One flag that several coroutines wait for, as an owner of a WaitList would.
class Flag {
 public:
  Awaitable<bool> wait_set(Deadline deadline) {
    Executor executor = co_await net::this_coro::executor;
    std::unique_lock lock(mutex_);
    while (!set_) {
      std::shared_ptr<WaitList::Waiter> waiter = waiting_.enter(executor);
      lock.unlock();
      bool woken = co_await wait(std::move(waiter), deadline);
      lock.lock();
      if (!woken && !set_) co_return false;
    }
    co_return true;
  }

  void set() {
    std::lock_guard lock(mutex_);
    set_ = true;
    waiting_.wake_all();
  }

 private:
  std::mutex mutex_;
  WaitList waiting_;
  bool set_ = false;
};

TEST(WaitList, WakesAWaiterFromAnotherThread) {
  Flag flag;
  std::thread setter([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    flag.set();
  });
  EXPECT_TRUE(test::run_coro(flag.wait_set(kNoDeadline)));
  setter.join();
}

TEST(WaitList, LosesNoWakeUpThatComesAtOnce) {
  for (int i = 0; i < 200; ++i) {
    Flag flag;
    std::thread setter([&] { flag.set(); });
    EXPECT_TRUE(test::run_coro(flag.wait_set(kNoDeadline)));
    setter.join();
  }
}

TEST(WaitList, GivesUpAtTheDeadline) {
  Flag flag;
  EXPECT_FALSE(test::run_coro(flag.wait_set(SteadyClock::now() + std::chrono::milliseconds(5))));
}

// The second time it is woken before it waits, or while it does.
Awaitable<bool> wait_twice(bool woken_before) {
  Executor executor = co_await net::this_coro::executor;
  WaitList list;  // nobody else knows it: no lock
  std::shared_ptr<WaitList::Waiter> waiter = list.enter(executor);
  const bool first = co_await wait(waiter, SteadyClock::now() + std::chrono::milliseconds(1));
  list.wake_all();
  if (woken_before) co_await sleep_for(std::chrono::milliseconds(1));
  const bool second = co_await wait(waiter, kNoDeadline);
  co_return !first && second;
}

TEST(WaitList, AWaiterThatTimedOutCanWaitAgain) {
  EXPECT_TRUE(test::run_coro(wait_twice(false)));
  EXPECT_TRUE(test::run_coro(wait_twice(true)));
}

}  // namespace
}  // namespace entrepot::io
