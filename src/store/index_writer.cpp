#include "store/index_writer.hpp"

#include <algorithm>
#include <chrono>

#include "entrepot/base/log.hpp"

namespace entrepot::store {

namespace {

using namespace std::chrono_literals;

constexpr auto kBatchTime = 200ms;  // how long changes that nobody waits for are gathered
constexpr auto kRetryTime = 5s;     // after a failure
constexpr auto kLastUseTime = 30s;  // last uses alone

// Last uses that are written at once: each may touch a page of its own, and all that one transaction touches stands in
// the log before it can start over.
constexpr std::size_t kUsesAtOnce = 1000;

}  // namespace

IndexWriter::IndexWriter(Index& index, std::unique_ptr<IndexFile> file, Space& space)
    : index_(index), space_(space), file_(std::move(file)), thread_([this] { run(); }) {}

IndexWriter::~IndexWriter() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void IndexWriter::changed() {
  bool first;
  {
    std::lock_guard lock(mutex_);
    first = made_++ == attempted_;
  }
  if (first) wake_.notify_one();
}

io::Awaitable<Result<void>> IndexWriter::flush() {
  io::Executor executor = co_await io::net::this_coro::executor;
  std::unique_lock lock(mutex_);
  std::uint64_t target = ++made_;
  wanted_ = target;
  wake_.notify_one();
  while (attempted_ < target) {
    std::shared_ptr<io::WaitList::Waiter> waiter = waiting_.enter(executor);
    lock.unlock();
    co_await io::wait(std::move(waiter), io::kNoDeadline);
    lock.lock();
  }
  if (failure_) co_return *failure_;
  co_return ok();
}

Result<void> IndexWriter::commit() {
  std::unique_lock lock(mutex_);
  std::uint64_t target = ++made_;
  wanted_ = target;
  wake_.notify_one();
  written_.wait(lock, [&] { return attempted_ >= target; });
  if (failure_) return *failure_;
  return ok();
}

void IndexWriter::forget_waiters() {
  std::lock_guard lock(mutex_);
  waiting_.clear();
}

void IndexWriter::run() {
  std::unique_lock lock(mutex_);
  auto urgent = [this] { return stopping_ || wanted_ > attempted_; };
  while (!stopping_) {
    auto idle = failure_ ? std::chrono::milliseconds(kRetryTime) : std::chrono::milliseconds(kLastUseTime);
    wake_.wait_for(lock, idle, [&] { return urgent() || made_ > attempted_; });
    wake_.wait_for(lock, kBatchTime, urgent);
    if (!stopping_) write_batch(lock);
  }
  write_batch(lock);
}

void IndexWriter::write_batch(std::unique_lock<std::mutex>& lock) {
  std::uint64_t target = made_;
  lock.unlock();
  Result<void> written = ok();
  std::size_t rest = index_.uses();
  do {
    Changes changes = index_.take_changes(kUsesAtOnce);
    if (!changes.empty()) written = file_->write(changes);
    if (!written) index_.put_back(changes);
    space_.set_index(footprint(file_->bytes()));
    rest -= std::min(rest, kUsesAtOnce);
  } while (written && rest > 0);
  lock.lock();
  note(written);
  attempted_ = target;
  waiting_.wake_all();
  written_.notify_all();
}

void IndexWriter::note(const Result<void>& written) {
  if (written) {
    if (failure_) log::info("index_written_again");
    failure_.reset();
    return;
  }
  if (!failure_) log::error("index_not_written", {{"error", written.error().message}});  // once, not for each batch
  failure_ = written.error();
}

}  // namespace entrepot::store
