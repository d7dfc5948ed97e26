#include "cache/fill.hpp"

#include <boost/asio/post.hpp>
#include <vector>

#include "entrepot/base/log.hpp"

namespace entrepot::cache {

namespace {

constexpr std::size_t kReadBack = 256 * 1024;

}  // namespace

Fill::Fill(std::unique_ptr<store::FillFile> file, io::Pool& pool)
    : pool_(pool),
      file_(std::move(file)),
      progress_(file_->size(), file_->initial()),
      hasher_(file_->digest().algorithm()) {}

io::Awaitable<Result<void>> Fill::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  auto job = [this, offset, bytes] { return write_blocking(offset, bytes); };
  co_return co_await io::run_blocking(pool_, job);
}

io::Awaitable<> Fill::hash_present() {
  auto job = [this] {
    advance_hash(0, {});
    return true;
  };
  co_await io::run_blocking(pool_, job);
}

io::Awaitable<> Fill::finish(std::uint64_t size) {
  progress_.set_size(size);
  co_await hash_present();
}

io::Awaitable<Fill::Prefix> Fill::prefix() {
  auto job = [this] {
    std::lock_guard lock(hash_mutex_);
    return Prefix{hasher_, hashed_};
  };
  co_return co_await io::run_blocking(pool_, job);
}

Result<void> Fill::write_blocking(std::uint64_t offset, std::span<const std::byte> bytes) {
  Result<void> written = file_->write(offset, bytes);
  if (!written) {
    progress_.fail(Progress::State::DiskFailed, written.error());
    return written;
  }
  progress_.publish(offset, offset + bytes.size());
  advance_hash(offset, bytes);
  sync_if_due();
  return ok();
}

// Brings the digest up to the end of the contiguous prefix. One thread at a time does so; who finds it at work leaves,
// and the one at work looks again after it has let go, so that nothing published meanwhile is left behind.
void Fill::advance_hash(std::uint64_t offset, std::span<const std::byte> bytes) {
  do {
    std::unique_lock lock(hash_mutex_, std::try_to_lock);
    if (!lock) return;
    hash_contiguous(offset, bytes);
    if (progress_.size() == hashed_.load()) verify();
  } while (progress_.state() == Progress::State::Running && progress_.present_from(hashed_) > 0);
}

// With hash_mutex_ held. `bytes`, which stand at `offset`, save reading them back.
void Fill::hash_contiguous(std::uint64_t offset, std::span<const std::byte> bytes) {
  std::vector<std::byte> buffer;
  while (std::uint64_t present = progress_.present_from(hashed_)) {
    std::uint64_t position = hashed_;
    if (position >= offset && position < offset + bytes.size()) {
      std::span<const std::byte> rest = bytes.subspan(position - offset);
      hasher_.update(rest);
      hashed_ = position + rest.size();
      continue;
    }
    std::uint64_t length = std::min<std::uint64_t>(present, kReadBack);
    if (position < offset && !bytes.empty()) length = std::min(length, offset - position);
    buffer.resize(length);
    Result<void> read = file_->read(position, buffer);
    if (!read) {
      progress_.fail(Progress::State::Failed, read.error());
      return;
    }
    hasher_.update(buffer);
    hashed_ = position + length;
  }
}

// With hash_mutex_ held, when everything is hashed.
void Fill::verify() {
  if (hasher_.digest() == digest().raw()) {
    progress_.verified();
    return;
  }
  progress_.fail(Progress::State::Failed,
                 Error{Errc::BadGateway, file_->upstream() + ": what it sent is not " + digest().to_string()});
}

// Syncs beside the download, so that a power cut costs little and the last sync is short.
void Fill::sync_if_due() {
  if (sync_failed_ || !file_->sync_due() || sync_running_.exchange(true)) return;
  io::net::post(pool_, [self = shared_from_this()] {
    Result<void> synced = self->file_->sync();
    if (!synced) {
      self->sync_failed_ = true;
      log::error("sync_failed", {{"digest", self->digest().to_string()}, {"error", synced.error().message}});
    }
    self->sync_running_ = false;
  });
}

}  // namespace entrepot::cache
