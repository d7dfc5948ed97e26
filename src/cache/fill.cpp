#include "cache/fill.hpp"

#include <boost/asio/post.hpp>
#include <vector>

#include "entrepot/base/log.hpp"

namespace entrepot::cache {

namespace {

constexpr std::size_t kReadBack = 256 * 1024;

// After so many bytes fetchers may look whether they can go on: their window moves with the digest.
constexpr std::uint64_t kTellEvery = 16 * 1024 * 1024;

}  // namespace

Fill::Fill(std::unique_ptr<store::FillFile> file, io::Pool& pool, std::uint64_t stripe)
    : pool_(pool),
      file_(std::move(file)),
      progress_(file_->size(), file_->initial(), stripe),
      hasher_(file_->digest().algorithm()) {}

io::Awaitable<Result<void>> Fill::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  auto job = [this, offset, bytes] { return write_blocking(offset, bytes); };
  co_return co_await io::run_blocking(pool_, job);
}

io::Awaitable<> Fill::hash_present() {
  auto job = [this] {
    read_back();
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
  if (!progress_.publish(offset, offset + bytes.size())) return ok();
  hash(offset, bytes);
  sync_if_due();
  return ok();
}

// Bytes in hand are hashed at once if they are the next ones, which they always are while there is one fetcher. What
// stands behind a gap is read back when the gap is closed, by a job of its own, which holds up no fetcher.
void Fill::hash(std::uint64_t offset, std::span<const std::byte> bytes) {
  if (std::unique_lock lock(hash_mutex_, std::try_to_lock); lock && hashed_ == offset) {
    hasher_.update(bytes);
    hashed_ = offset + bytes.size();
    end_if_all_is_hashed();
  }
  read_back_if_due();
}

// Who finds it at work leaves; it looks again when it has ended, so that nothing published meanwhile is left behind.
void Fill::read_back_if_due() {
  if (progress_.state() != Progress::State::Running || progress_.present_from(hashed_) == 0) return;
  if (reading_back_.exchange(true)) return;
  io::net::post(pool_, [self = shared_from_this()] {
    self->read_back();
    self->reading_back_ = false;
    self->read_back_if_due();
  });
}

void Fill::read_back() {
  std::vector<std::byte> buffer;
  std::lock_guard lock(hash_mutex_);
  while (progress_.state() == Progress::State::Running) {
    const std::uint64_t position = hashed_;
    const std::uint64_t present = progress_.present_from(position);
    if (present == 0) break;
    buffer.resize(std::min<std::uint64_t>(present, kReadBack));
    Result<void> read = file_->read(position, buffer);
    if (!read) {
      progress_.fail(Progress::State::DiskFailed, read.error());
      return;
    }
    hasher_.update(buffer);
    hashed_ = position + buffer.size();
    if (position / kTellEvery != hashed_ / kTellEvery) progress_.announce_change();
  }
  progress_.announce_change();
  end_if_all_is_hashed();
}

// With hash_mutex_ held.
void Fill::end_if_all_is_hashed() {
  if (progress_.size() != hashed_.load() || progress_.state() != Progress::State::Running) return;
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
