// One download in progress: the file that its fetchers write, its readers read, and whose digest grows with it.
//
// The file is the buffer. Fetchers bring bytes in any order, never the same byte twice; a reader sends what is present
// at its own offset with sendfile. So memory grows neither with the blob nor with its readers.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

#include "cache/progress.hpp"
#include "entrepot/base/hash.hpp"
#include "entrepot/io/blocking.hpp"
#include "entrepot/store/fill_file.hpp"

namespace entrepot::cache {

// Thread-safe. Shared by its fetchers and its readers; the file stays open as long as one of them holds it.
class Fill : public std::enable_shared_from_this<Fill> {
 public:
  // `pool` is where it writes and hashes; it must outlive the fill. `stripe`: FetchPlan's.
  Fill(std::unique_ptr<store::FillFile> file, io::Pool& pool, std::uint64_t stripe = config::Fetching().stripe);

  const oci::Digest& digest() const { return file_->digest(); }
  store::FillFile& file() { return *file_; }
  const Progress& progress() const { return progress_; }
  Progress& progress() { return progress_; }

  // Writes what a fetcher brings and tells the readers. `bytes` must stay until it returns. Once everything up to the
  // known size is present, and what was read back is hashed, the fill ends by itself as Verified or Failed. An error
  // ends the fill as DiskFailed.
  io::Awaitable<Result<void>> write(std::uint64_t offset, std::span<const std::byte> bytes);

  // Hashes what is present from the start on and is not hashed yet. If that is all, the fill ends by itself, before
  // this returns.
  io::Awaitable<> hash_present();

  std::uint64_t hashed() const { return hashed_; }  // bytes, from the start on

  // For a fill of unknown size, when its fetcher has reached the end: `size` bytes were all.
  io::Awaitable<> finish(std::uint64_t size);

  // No fetcher can bring any more.
  void fail(Error error) { progress_.fail(Progress::State::Failed, std::move(error)); }

  // The digest of the first `position` bytes so far; for a reader that goes on with a stream of its own.
  struct Prefix {
    Hasher hasher;
    std::uint64_t position;
  };
  io::Awaitable<Prefix> prefix();

  // A sync failed: the file must not be committed, since the kernel reports an error only once and drops the pages.
  bool sync_failed() const { return sync_failed_; }

 private:
  Result<void> write_blocking(std::uint64_t offset, std::span<const std::byte> bytes);
  void hash(std::uint64_t offset, std::span<const std::byte> bytes);
  void read_back_if_due();
  void read_back();
  void end_if_all_is_hashed();
  void sync_if_due();

  io::Pool& pool_;
  std::unique_ptr<store::FillFile> file_;  // constant after construction
  Progress progress_;

  mutable std::mutex hash_mutex_;         // taken on the pool only, since it is held while reading the file
  Hasher hasher_;                         // guarded by hash_mutex_
  std::atomic<std::uint64_t> hashed_{0};  // written under hash_mutex_

  std::atomic<bool> reading_back_{false};
  std::atomic<bool> sync_running_{false};
  std::atomic<bool> sync_failed_{false};
};

}  // namespace entrepot::cache
