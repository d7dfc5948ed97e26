#include "cache/progress.hpp"

#include <algorithm>

namespace entrepot::cache {

Progress::Progress(std::optional<std::uint64_t> size, store::Extents present)
    : size_(size), present_(std::move(present)) {}

void Progress::publish(std::uint64_t begin, std::uint64_t end) {
  std::lock_guard lock(mutex_);
  present_.add(begin, end);
  waiting_.wake_all();
}

void Progress::set_size(std::uint64_t size) {
  std::lock_guard lock(mutex_);
  size_ = size;
}

void Progress::verified() {
  std::lock_guard lock(mutex_);
  if (state_ != State::Running) return;
  state_ = State::Verified;
  waiting_.wake_all();
}

void Progress::fail(State state, Error error) {
  std::lock_guard lock(mutex_);
  if (state_ != State::Running) return;
  state_ = state;
  error_ = std::move(error);
  waiting_.wake_all();
}

Progress::State Progress::state() const {
  std::lock_guard lock(mutex_);
  return state_;
}

std::optional<std::uint64_t> Progress::size() const {
  std::lock_guard lock(mutex_);
  return size_;
}

store::Extents Progress::present() const {
  std::lock_guard lock(mutex_);
  return present_;
}

std::uint64_t Progress::present_from(std::uint64_t offset) const {
  std::lock_guard lock(mutex_);
  return present_.present_from(offset);
}

// With mutex_ held, of a fill that has not failed. Nothing: there is nothing to send yet.
std::optional<Progress::Sendable> Progress::sendable(std::uint64_t offset, std::optional<std::uint64_t> end,
                                                     bool to_end) const {
  std::uint64_t limit = offset + present_.present_from(offset);
  if (end) limit = std::min(limit, *end);
  if (to_end && size_ && state_ != State::Verified) limit = std::min(limit, *size_ - 1);
  if (limit > offset) return Sendable{limit - offset};
  bool at_end = end ? offset >= *end : state_ == State::Verified;
  if (at_end) return Sendable{0};
  return std::nullopt;
}

io::Awaitable<Result<Progress::Sendable>> Progress::wait(std::uint64_t offset, std::optional<std::uint64_t> end,
                                                         bool to_end) const {
  io::Executor executor = co_await io::net::this_coro::executor;
  std::unique_lock lock(mutex_);
  for (;;) {
    if (state_ == State::Failed) co_return *error_;
    if (auto now = sendable(offset, end, to_end)) co_return *now;
    if (state_ == State::DiskFailed) co_return *error_;
    std::shared_ptr<io::WaitList::Waiter> waiter = waiting_.enter(executor);
    lock.unlock();
    co_await io::wait(std::move(waiter), io::kNoDeadline);
    lock.lock();
  }
}

io::Awaitable<Result<void>> Progress::wait_verified(io::Deadline deadline) const {
  io::Executor executor = co_await io::net::this_coro::executor;
  std::unique_lock lock(mutex_);
  for (;;) {
    if (state_ == State::Verified) co_return ok();
    if (state_ != State::Running) co_return *error_;
    if (io::SteadyClock::now() >= deadline) co_return Error{Errc::Timeout, "the blob did not arrive in time"};
    std::shared_ptr<io::WaitList::Waiter> waiter = waiting_.enter(executor);
    lock.unlock();
    co_await io::wait(std::move(waiter), deadline);
    lock.lock();
  }
}

}  // namespace entrepot::cache
