// FillFile from the inside, as the Store sees it: what is recorded when, and what is done to the two files at a fill's
// end. Thread rule as FillFile; the destructor may run anywhere, the descriptors are closed on the pool.
#pragma once

#include <atomic>
#include <filesystem>
#include <mutex>
#include <string>

#include "entrepot/io/blocking.hpp"
#include "entrepot/store/disk.hpp"
#include "entrepot/store/fill_file.hpp"
#include "store/fill_state.hpp"
#include "store/room_keepers.hpp"
#include "store/space.hpp"

namespace entrepot::store {

// What all fills of a store have in common.
struct FillContext {
  Disk& disk;
  io::Pool& pool;
  Space& space;
  std::filesystem::path folder;  // fills/
  std::string boot;
  bool fsync;
};

struct FillPaths {
  std::filesystem::path data;
  std::filesystem::path state;
};

// What a fill takes: the data, and a state file with a few lines for each MiB.
std::uint64_t fill_footprint(std::uint64_t size);

// Both files go, the state first: a state whose data is gone means that the data was renamed into blobs/.
void remove_files(Disk& disk, const FillPaths& paths);

class FillFile::Impl {
 public:
  // A new fill, with room reserved. Errc::NoRoom, Io; then nothing is left behind.
  static Result<std::unique_ptr<Impl>> create(const FillContext& context, FillPaths paths, FillIdentity identity);

  // Goes on with files that are there. `present` is what they hold, `synced` the part of it that is durable.
  static Result<std::unique_ptr<Impl>> resume(const FillContext& context, FillPaths paths, FillIdentity identity,
                                              Extents present, Extents synced, Reservation reservation);

  ~Impl();

  Result<void> write(std::uint64_t offset, std::span<const std::byte> bytes);
  Result<void> read(std::uint64_t offset, std::span<std::byte> buffer) const;
  bool sync_due() const;
  Result<void> sync();

  // All of `size` is there: recorded, durable, and nothing keeps the data from being renamed.
  Result<void> finish(std::uint64_t size);

  // Recorded as given up for now. An error if the file cannot be continued; it must then be dropped.
  Result<void> park(Time now);

  const FillIdentity& identity() const { return identity_; }
  const FillPaths& paths() const { return paths_; }
  const Extents& initial() const { return initial_; }
  int fd() const { return data_.get(); }
  Extents present() const;
  Extents synced() const;
  Reservation& reservation() { return reservation_; }  // once nobody writes any more

  // It has its place in blobs/: from now on its room is the object's.
  void set_keeper(std::shared_ptr<RoomKeeper> keeper) { keeper_ = std::move(keeper); }

 private:
  Impl(const FillContext& context, FillPaths paths, FillIdentity identity, Extents present, Reservation reservation);

  Result<void> fail(Error error);
  Result<void> grow_to(std::uint64_t end);
  Result<void> append(const std::string& text);  // with mutex_ held
  Result<void> record();                         // with mutex_ held

  const FillContext& context_;
  const FillPaths paths_;
  const FillIdentity identity_;
  const Extents initial_;
  UniqueFd data_;   // constant once open
  UniqueFd state_;  // constant once open

  // A file that one write or sync has failed in is at odds with what is recorded of it: it is dropped, never continued.
  std::atomic<bool> failed_{false};
  std::atomic<std::uint64_t> unsynced_bytes_{0};
  std::atomic<std::int64_t> unsynced_since_{0};  // steady clock, ns; 0: nothing to sync

  std::mutex sync_mutex_;               // one sync at a time; taken before mutex_
  bool folder_synced_ = false;          // guarded by sync_mutex_
  mutable std::mutex mutex_;            // held across writes of the state file: on the pool only
  std::uint64_t state_end_ = 0;         // guarded by mutex_
  Extents written_;                     // guarded by mutex_
  Extents unrecorded_;                  // guarded by mutex_
  Extents unsynced_;                    // guarded by mutex_
  Reservation reservation_;             // guarded by mutex_ while there are writers
  std::shared_ptr<RoomKeeper> keeper_;  // shared with all who have the file open; likewise
  std::uint64_t growth_ = 0;            // guarded by mutex_: bytes of data reserved for a fill of unknown size
};

}  // namespace entrepot::store
