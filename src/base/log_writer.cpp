#include "base/log_writer.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>

namespace entrepot::log {

namespace {

// A batch is written when there is so much of it, or after so long: one system call and one wake-up for many lines.
constexpr std::size_t kBatch = 64 * 1024;
constexpr std::chrono::milliseconds kGather{5};

// How long the writer's end waits for a reader that takes nothing. Counted in waits, each of which a machine that
// stands still makes as long as it likes.
constexpr int kWaitMs = 100;
constexpr int kLastWaits = 20;

// False if it cannot be written, or if nobody takes it for long, all of which `is_stopping`.
bool write_out(std::string_view text, const std::function<bool()>& is_stopping) {
  int waits = 0;
  while (!text.empty()) {
    pollfd descriptor{STDERR_FILENO, POLLOUT, 0};
    const int ready = ::poll(&descriptor, 1, kWaitMs);
    if (ready == 0 && is_stopping() && ++waits == kLastWaits) return false;
    if (ready <= 0) continue;
    waits = 0;
    // A pipe that poll() calls writable takes this much without blocking (pipe(7)).
    const ssize_t written = ::write(STDERR_FILENO, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
    if (written < 0 && errno != EINTR && errno != EAGAIN) return false;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

void LineWriter::write(std::string_view line) {
  std::unique_lock lock(mutex_);
  if (!running_) {
    write_out(std::string(line) + '\n', [] { return false; });
    return;
  }
  const std::size_t before = waiting_.size();
  const std::size_t after = before + line.size() + 1;
  if (after > kMostWaiting) {
    ++dropped_;
    return;
  }
  waiting_.append(line).push_back('\n');
  lock.unlock();
  if (before == 0 || (before < kBatch && after >= kBatch)) changed_.notify_one();
}

void LineWriter::start() {
  running_ = true;
  stopping_ = false;
  thread_ = std::thread([this] { run(); });
}

void LineWriter::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

std::uint64_t LineWriter::dropped() const {
  std::lock_guard lock(mutex_);
  return dropped_;
}

void LineWriter::run() {
  auto is_stopping = [this] {
    std::lock_guard lock(mutex_);
    return stopping_;
  };
  std::string batch;
  std::uint64_t told = 0;
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    changed_.wait_for(lock, kGather, [this] { return stopping_ || waiting_.size() >= kBatch; });
    if (waiting_.empty()) break;
    batch.clear();
    batch.swap(waiting_);
    // Whatever was dropped came after what was waiting.
    if (dropped_ > told) batch += tell_dropped_(dropped_ - told) + '\n';
    told = dropped_;
    lock.unlock();
    const bool written = write_out(batch, is_stopping);
    lock.lock();
    if (!written) dropped_ += static_cast<std::uint64_t>(std::count(batch.begin(), batch.end(), '\n'));
  }
  running_ = false;
}

}  // namespace entrepot::log
