#include "cache/progress.hpp"

#include <algorithm>

namespace entrepot::cache {

namespace {

constexpr std::chrono::milliseconds kLookAgain{500};

}  // namespace

Progress::Progress(std::optional<std::uint64_t> size, store::Extents present, std::uint64_t stripe)
    : size_(size), present_(std::move(present)), plan_(size, stripe) {}

bool Progress::publish(std::uint64_t begin, std::uint64_t end) {
  std::lock_guard lock(mutex_);
  if (state_ != State::Running) return false;
  present_.add(begin, end);
  plan_.advance(begin, end);
  waiting_.wake_all();
  return true;
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
  change();
}

void Progress::fail(State state, Error error) {
  std::lock_guard lock(mutex_);
  if (state_ != State::Running) return;
  state_ = state;
  error_ = std::move(error);
  waiting_.wake_all();
  change();
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
std::optional<std::uint64_t> Progress::sendable(std::uint64_t offset, std::optional<std::uint64_t> end,
                                                bool to_end) const {
  std::uint64_t limit = offset + present_.present_from(offset);
  if (end) limit = std::min(limit, *end);
  if (to_end && size_ && state_ != State::Verified) limit = std::min(limit, *size_ - 1);
  if (limit > offset) return limit - offset;
  bool at_end = end ? offset >= *end : state_ == State::Verified;
  if (at_end) return 0;
  return std::nullopt;
}

io::Awaitable<Result<std::uint64_t>> Progress::wait(std::uint64_t offset, std::optional<std::uint64_t> end, bool to_end,
                                                    io::Deadline deadline) {
  io::Executor executor = co_await io::net::this_coro::executor;
  std::shared_ptr<io::WaitList::Waiter> waiter;
  std::unique_lock lock(mutex_);
  for (;;) {
    if (state_ == State::Failed) co_return *error_;
    if (auto now = sendable(offset, end, to_end)) co_return *now;
    if (state_ == State::DiskFailed) co_return *error_;
    if (plan_.want(offset, end.value_or(offset), present_, FetchPlan::Clock::now())) change();
    if (!waiter) waiter = waiting_.enter(executor);
    lock.unlock();
    // A fetcher that was soon to be here may have come to a halt.
    const bool woken = co_await io::wait(waiter, std::min(deadline, io::SteadyClock::now() + kLookAgain));
    if (woken) waiter.reset();
    lock.lock();
    if (io::SteadyClock::now() >= deadline) co_return Error{Errc::Timeout, "the byte did not arrive in time"};
  }
}

void Progress::want(std::uint64_t begin, std::uint64_t end) {
  std::lock_guard lock(mutex_);
  if (plan_.want(begin, end, present_, FetchPlan::Clock::now())) change();
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

// ---- for the fetchers

FetchPlan::Job Progress::begin_with(std::uint64_t begin, std::uint64_t end) {
  std::lock_guard lock(mutex_);
  return plan_.begin_with(begin, end, FetchPlan::Clock::now());
}

std::optional<FetchPlan::Job> Progress::next_job(const FetchPlan::Limits& limits) {
  std::lock_guard lock(mutex_);
  if (state_ != State::Running) return std::nullopt;
  return plan_.next(present_, limits, FetchPlan::Clock::now());
}

std::uint64_t Progress::end_of(FetchPlan::Id job) const {
  std::lock_guard lock(mutex_);
  return plan_.end_of(job);
}

void Progress::extend(FetchPlan::Id job) {
  std::lock_guard lock(mutex_);
  plan_.extend(job, present_);
}

void Progress::release(FetchPlan::Id job) {
  std::lock_guard lock(mutex_);
  plan_.release(job, present_);
  change();
}

bool Progress::has_job(const FetchPlan::Limits& limits) const {
  std::lock_guard lock(mutex_);
  return state_ == State::Running && plan_.has_job(present_, limits);
}

void Progress::announce_change() {
  std::lock_guard lock(mutex_);
  change();
}

// With mutex_ held.
void Progress::change() {
  changed_ = true;
  fetching_.wake_all();
}

io::Awaitable<> Progress::wait_for_change(io::Deadline deadline) {
  io::Executor executor = co_await io::net::this_coro::executor;
  std::unique_lock lock(mutex_);
  while (!changed_ && io::SteadyClock::now() < deadline) {
    fetching_.clear();  // of this coroutine, when it last looked
    std::shared_ptr<io::WaitList::Waiter> waiter = fetching_.enter(executor);
    lock.unlock();
    co_await io::wait(std::move(waiter), deadline);
    lock.lock();
  }
  changed_ = false;
}

}  // namespace entrepot::cache
