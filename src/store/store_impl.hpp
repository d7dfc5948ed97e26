// The Store from the inside: its parts, in the order in which they need each other.
#pragma once

#include <array>
#include <atomic>
#include <mutex>

#include "entrepot/io/shared_call.hpp"
#include "entrepot/io/wait_list.hpp"
#include "entrepot/store/store.hpp"
#include "store/blob_files.hpp"
#include "store/fill_impl.hpp"
#include "store/index.hpp"
#include "store/index_writer.hpp"
#include "store/open_files.hpp"
#include "store/parked_fills.hpp"
#include "store/room_keepers.hpp"

namespace entrepot::store {

class Store::Impl {
 public:
  Impl(const Options& store_options, io::Pool& work_pool, Disk& file_system, const Clock& wall_clock);

  // store.cpp: everything up to the first request. Blocks.
  Result<void> start();

  // store_blobs.cpp. Block.
  Result<std::shared_ptr<const StoredFile>> open_stored(const oci::Digest& digest);
  Result<std::shared_ptr<const StoredFile>> open_file(const oci::Digest& digest, bool& verified);
  void forget(const oci::Digest& digest);  // with its file_mutex held

  io::Awaitable<Result<std::shared_ptr<const StoredFile>>> open_on_pool(oci::Digest digest);

  // store_fills.cpp. All block.
  Result<std::unique_ptr<FillFile>> open_fill(const std::string& upstream, const oci::Digest& digest,
                                              std::optional<std::uint64_t> size);
  Result<std::unique_ptr<FillFile>> create_fill(FillIdentity identity);
  Result<std::unique_ptr<FillFile>> resume_fill(Parked parked);
  Result<std::unique_ptr<FillFile>> fill_with(FillIdentity identity, const std::string& bytes);
  template <class Work>
  io::Awaitable<Result<std::unique_ptr<FillFile>>> with_room(std::uint64_t bytes, Work work);
  Result<void> place(FillFile& file, std::uint64_t size);
  void park(FillFile& file);
  void drop(FillFile& file);
  void drop_expired();
  std::uint64_t drop_parked(std::uint64_t bytes);  // the oldest first, until that much is free; returns how much is
  bool is_verified(const oci::Digest& digest) const;

  // store_eviction.cpp. All block, but for lifetimes(), press() and the coroutine.
  std::vector<oci::Digest> listed_in(const oci::Digest& manifest) const;
  void carry_uses();
  void give_up_room(const oci::Digest& digest, std::uint64_t size);  // its file has lost its name
  enum class Cause { Ttl, Size };
  void count_evicted(const Index::Victim& victim, Cause cause);
  bool remove_leaving(const std::vector<Index::Victim>& victims, Cause cause);  // with eviction_mutex held
  bool expire_some(RepositoryId& next, Time now);  // false when all repositories were looked at
  bool expire_unlinked(Time now);                  // likewise
  std::shared_ptr<const Lifetimes> lifetimes() const;
  bool make_room(std::uint64_t bytes);                          // Space::Evict
  bool free_some(std::uint64_t bytes);                          // false if nothing can go
  std::vector<Index::Victim> pick_oldest(std::uint64_t bytes);  // with eviction_mutex held
  io::Awaitable<bool> find_room(std::uint64_t bytes);           // make_room(), once for all who want room now
  void press();

  // Held while a file takes or loses the name of `digest`, or is opened by it, so that an eviction removes no file but
  // the one that it has marked.
  std::mutex& file_mutex(const oci::Digest& digest) {
    return file_mutexes[std::hash<oci::Digest>{}(digest) % file_mutexes.size()];
  }

  const Options options;
  io::Tasks tasks;
  io::Pool& pool;
  Disk& disk;
  const Clock& clock;
  const std::shared_ptr<Space> space;  // shared with files that are still open
  BlobFiles blobs;
  const FillContext fills;
  const std::string fill_prefix;  // of this run's fills
  std::atomic<std::uint64_t> next_fill{0};
  RoomKeepers keepers;
  OpenFiles open_files;
  ParkedFills parked;
  std::array<std::mutex, 64> file_mutexes;

  std::function<void(const oci::Digest&)> on_removed;
  mutable std::mutex lifetimes_mutex;
  std::shared_ptr<const Lifetimes> current_lifetimes =
      std::make_shared<const Lifetimes>();  // guarded by lifetimes_mutex

  std::mutex uses_mutex;           // one at a time carries uses on; held across I/O, on the pool only
  std::mutex eviction_mutex;       // one at a time evicts; likewise
  enum class Room { Made, None };  // no bool: a Result<bool> that is copied from another says whether that has a value
  io::SharedCalls<int, Room> evictions{tasks};
  struct Evicted {
    std::atomic<std::uint64_t> objects{0};
    std::atomic<std::uint64_t> bytes{0};
  };
  std::array<Evicted, 2> evicted;            // by cause
  std::vector<Index::Candidate> candidates;  // guarded by eviction_mutex; the oldest is the last

  std::mutex pressure_mutex;
  io::WaitList waiting_for_pressure;  // guarded by pressure_mutex
  bool is_short = false;              // guarded by pressure_mutex

  io::SharedCalls<oci::Digest, std::shared_ptr<const StoredFile>> openings{tasks};

  UniqueFd folder_lock;
  Index index;
  std::unique_ptr<IndexWriter> writer;  // from the end of start() on; the first to end

 private:
  Result<std::unique_ptr<IndexFile>> open_index();
  void finish_evictions();
};

}  // namespace entrepot::store
