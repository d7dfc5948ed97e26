// The disk store: complete objects by digest, downloads in progress, and the index over them. docs/store-format.md is
// its description on disk.
//
// What a hit needs is answered from memory; calls that return at once never touch the disk. Thread-safe unless said.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "entrepot/base/clock.hpp"
#include "entrepot/base/result.hpp"
#include "entrepot/io/blocking.hpp"
#include "entrepot/store/disk.hpp"
#include "entrepot/store/fill_file.hpp"
#include "entrepot/store/lifetime.hpp"
#include "entrepot/store/records.hpp"

namespace entrepot::store {

struct Options {
  std::filesystem::path path;
  std::uint64_t max_size = 0;  // bytes; 0: no cap
  std::uint64_t min_free = 0;  // bytes
  bool fsync = true;
};

class RoomKeeper;

// A complete object's file, open for reading. Shared by all who read it; stays readable when the object is removed, and
// its room is in use until then. The pool must outlive it.
class StoredFile {
 public:
  StoredFile(UniqueFd fd, std::uint64_t size, std::shared_ptr<RoomKeeper> keeper, io::Pool& pool)
      : fd_(std::move(fd)), size_(size), keeper_(std::move(keeper)), pool_(pool) {}
  StoredFile(const StoredFile&) = delete;
  StoredFile& operator=(const StoredFile&) = delete;
  ~StoredFile();

  int fd() const { return fd_.get(); }
  std::uint64_t size() const { return size_; }

 private:
  UniqueFd fd_;
  const std::uint64_t size_;
  std::shared_ptr<RoomKeeper> keeper_;  // shared with all who have the file open
  io::Pool& pool_;
};

class Store {
 public:
  // Opens or makes the store, takes its lock, recovers what a crash has left. Blocks; at start only. `pool` (for all
  // that blocks later), `disk` and `clock` must outlive the store. Errors, each naming the path: it cannot be made or
  // written; a second daemon holds it; its FORMAT is newer or is none of ours. A corrupt index is set aside and
  // rebuilt, with a warning in the log.
  static Result<std::unique_ptr<Store>> open(const Options& options, io::Pool& pool, Disk& disk, const Clock& clock);
  ~Store();  // writes out what is queued for the index, releases the lock

  // ---- complete objects

  // The size of a stored object; none if it is not stored. From memory.
  std::optional<std::uint64_t> stored_size(const oci::Digest& digest) const;

  // Opens it (from memory if it was opened lately). Errc::NotFound if it is not stored, or turns out to be missing,
  // short or, where it had to be hashed first, wrong: it is then forgotten, so that it is fetched anew. To hash it may
  // take long: one opening serves all who wait for it, and goes on past `deadline` (Errc::Timeout).
  io::Awaitable<Result<std::shared_ptr<const StoredFile>>> open_blob(oci::Digest digest,
                                                                     io::Deadline deadline = io::kNoDeadline);

  // All its bytes. Errors as open_blob.
  io::Awaitable<Result<std::string>> read_all(oci::Digest digest, io::Deadline deadline = io::kNoDeadline);

  // Stores bytes whose digest the caller has verified. Durable when it returns. NoRoom, Io.
  io::Awaitable<Result<void>> put(std::string upstream, oci::Digest digest, std::shared_ptr<const std::string> bytes);

  // ---- downloads in progress. At most one FillFile exists for an (upstream, digest); that is the caller's to see to.
  // A FillFile must not outlive the store.

  // The parked fill of (upstream, digest) to be continued, if there is one whose size is `size` (when both are known),
  // else a new one with room reserved for `size`. Errc::NoRoom: stream instead.
  io::Awaitable<Result<std::unique_ptr<FillFile>>> open_fill(std::string upstream, oci::Digest digest,
                                                             std::optional<std::uint64_t> size);

  // What is parked of (upstream, digest): its size and what is present of it. From memory.
  struct ParkedFill {
    std::uint64_t size;
    Extents present;
  };
  std::optional<ParkedFill> parked(const std::string& upstream, const oci::Digest& digest) const;

  // Complete, its digest verified by the caller: syncs, renames into place, records in the index, in the order of
  // docs/store-format.md. `size` is its true size. stored_size() knows it when this returns. The file stays open and
  // readable through `file`. An error leaves nothing behind.
  io::Awaitable<Result<void>> commit_fill(FillFile& file, std::uint64_t size);

  // Given up for now: kept, to be continued when next asked for. The caller destroys `file` after it.
  io::Awaitable<> park_fill(FillFile& file);

  // Given up for good: both files are unlinked. Their room is in use until `file` is destroyed.
  io::Awaitable<> drop_fill(FillFile& file);

  // ---- what upstreams have shown. Changes are in memory when the call returns and on disk soon after.

  std::optional<Link> link(const RepositoryKey& repository, const oci::Digest& digest) const;

  // Adds, or adds to, links: as_blob and as_manifest are joined; media_type and size replace what was there unless
  // empty.
  void add_links(const RepositoryKey& repository, const std::vector<Link>& links);

  std::optional<TagRecord> tag(const RepositoryKey& repository, const std::string& name) const;
  void set_tag(const RepositoryKey& repository, const std::string& name, const TagRecord& record);
  void forget_tag(const RepositoryKey& repository, const std::string& name);

  // At most `limit` names of tags with something stored, greater than `after` in byte order, sorted.
  std::vector<std::string> tags(const RepositoryKey& repository, const std::string& after, std::size_t limit) const;

  // Repositories with at least one stored manifest, sorted. `upstream` "": of all upstreams.
  std::vector<RepositoryKey> repositories(const std::string& upstream) const;

  // ---- eviction. A blob goes when no upstream's showing of it (its link) is still alive, or when its room is needed
  // and it is the one that was not used for the longest time. Whoever reads it then reads on to its end.

  // A use of an object in a repository, or of a tag; of a manifest, it is one of all that it lists. In memory; written
  // out in batches.
  void touch(const RepositoryKey& repository, const oci::Digest& digest);
  void touch_tag(const RepositoryKey& repository, const std::string& name);

  // From now on, at the next expire() for what is there already too. Until it is called nothing ends. Wakes who waits
  // in wait_until_short().
  void set_lifetimes(Lifetimes lifetimes);

  // Options::max_size and min_free from now on; what is too much goes with the next trim(). Wakes likewise.
  void set_limits(std::uint64_t max_size, std::uint64_t min_free);

  // Set before the first request. Called on a pool thread with each object that was evicted; may not block.
  void on_removed(std::function<void(const oci::Digest&)> listener);

  // Lets everything go whose time is over, and fills that were parked for more than 24 h. In small steps, each
  // followed by a rest of its length, since requests share the disk with it. To be called now and then.
  io::Awaitable<> expire();

  // Lets go of so much that there is room for some time again; nothing while there is.
  io::Awaitable<> trim();

  // Waits until trim() may have something to do, or there are other lifetimes; false after `deadline`. For one
  // coroutine.
  io::Awaitable<bool> wait_until_short(io::Deadline deadline);

  // Waits until all changes made so far are committed to the index on disk. For tests and shutdown.
  io::Awaitable<Result<void>> flush();

  // No coroutine that waits in flush() or wait_until_short() is resumed after this. For shutdown: between the io
  // threads' join() and their abandon().
  void forget_waiters();

  // Bytes that the store takes now, reservations included.
  std::uint64_t used_bytes() const;

  // For the metrics. From memory.
  struct Stats {
    std::uint64_t objects;  // complete ones, manifests too
    std::uint64_t parked_fills;
    struct Evicted {
      std::uint64_t objects;
      std::uint64_t bytes;
    };
    Evicted by_ttl;   // since the start
    Evicted by_size;  // likewise
  };
  Stats stats() const;

 private:
  class Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace entrepot::store
