// One call for all who want the same answer at the same time ("single flight").
//
// The first caller of a key starts the work as a task of its own on its io thread; all callers, the first too, wait for
// its result, each with a deadline of its own. A caller that gives up does not stop the work. Nothing is remembered:
// once the result is out, the next caller starts anew. Work that throws is a bug, which the log of `tasks` names; those
// who wait get an error.
#pragma once

#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "entrepot/base/result.hpp"
#include "entrepot/io/tasks.hpp"
#include "entrepot/io/wait_list.hpp"

namespace entrepot::io {

// T is copied to every caller. Thread-safe. Must outlive the tasks that it starts (they run on `tasks`).
template <class Key, class T>
class SharedCalls {
 public:
  explicit SharedCalls(Tasks& tasks) : tasks_(tasks) {}

  // `work` is a functor that returns Awaitable<Result<T>>; it is copied into the task and must own what it uses.
  // Errc::Timeout if `deadline` passes first. `joined`, if given, is set to whether another caller had started the
  // work.
  template <class Work>
  Awaitable<Result<T>> run(Key key, Work work, Deadline deadline, bool* joined = nullptr) {
    Executor executor = co_await net::this_coro::executor;
    std::unique_lock lock(mutex_);
    std::shared_ptr<Call>& slot = calls_[key];
    if (joined != nullptr) *joined = slot != nullptr;
    if (slot == nullptr) {
      slot = std::make_shared<Call>();
      tasks_.spawn(executor, "shared call", perform(key, slot, std::move(work)));
    }
    std::shared_ptr<Call> call = slot;
    while (!call->result) {
      std::shared_ptr<WaitList::Waiter> waiter = call->waiting.enter(executor);
      lock.unlock();
      bool woken = co_await wait(std::move(waiter), deadline);
      lock.lock();
      if (!woken && !call->result) co_return Error{Errc::Timeout, "no answer in time"};
    }
    co_return *call->result;
  }

 private:
  struct Call {
    WaitList waiting;                   // guarded by mutex_
    std::optional<Result<T>> result{};  // guarded by mutex_ until set, constant afterwards
  };

  template <class Work>
  Awaitable<> perform(Key key, std::shared_ptr<Call> call, Work work) {
    std::exception_ptr failure;
    try {
      Result<T> result = co_await work();
      end(key, *call, std::move(result));
    } catch (...) {
      failure = std::current_exception();
    }
    if (!failure) co_return;
    end(key, *call, Error{Errc::BadGateway, "an internal error"});
    std::rethrow_exception(failure);
  }

  void end(const Key& key, Call& call, Result<T> result) {
    std::lock_guard lock(mutex_);
    call.result.emplace(std::move(result));
    calls_.erase(key);
    call.waiting.wake_all();
  }

  Tasks& tasks_;
  std::mutex mutex_;
  std::map<Key, std::shared_ptr<Call>> calls_;  // guarded by mutex_
};

}  // namespace entrepot::io
