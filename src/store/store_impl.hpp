// The Store from the inside: its parts, in the order in which they need each other.
#pragma once

#include <atomic>

#include "entrepot/io/shared_call.hpp"
#include "entrepot/store/store.hpp"
#include "store/blob_files.hpp"
#include "store/fill_impl.hpp"
#include "store/index.hpp"
#include "store/index_writer.hpp"
#include "store/open_files.hpp"
#include "store/parked_fills.hpp"

namespace entrepot::store {

class Store::Impl {
 public:
  Impl(const Options& store_options, io::Pool& work_pool, Disk& file_system, const Clock& wall_clock);

  // store.cpp: everything up to the first request. Blocks.
  Result<void> start();

  // store_blobs.cpp. Blocks.
  Result<std::shared_ptr<const StoredFile>> open_stored(const oci::Digest& digest);
  void forget(const oci::Digest& digest);

  io::Awaitable<Result<std::shared_ptr<const StoredFile>>> open_on_pool(oci::Digest digest);

  // store_fills.cpp. All block.
  Result<std::unique_ptr<FillFile>> open_fill(const std::string& upstream, const oci::Digest& digest,
                                              std::optional<std::uint64_t> size);
  Result<std::unique_ptr<FillFile>> create_fill(FillIdentity identity);
  Result<std::unique_ptr<FillFile>> resume_fill(Parked parked);
  Result<std::unique_ptr<FillFile>> fill_with(FillIdentity identity, const std::string& bytes);
  Result<void> place(FillFile& file, std::uint64_t size);
  void park(FillFile& file);
  void drop(FillFile& file);
  void drop_expired();
  bool drop_oldest();
  bool is_verified(const oci::Digest& digest) const;

  const Options options;
  io::Pool& pool;
  Disk& disk;
  const Clock& clock;
  Space space;
  BlobFiles blobs;
  const FillContext fills;
  const std::string fill_prefix;  // of this run's fills
  std::atomic<std::uint64_t> next_fill{0};
  OpenFiles open_files;
  ParkedFills parked;

  io::Tasks tasks;
  io::SharedCalls<oci::Digest, std::shared_ptr<const StoredFile>> openings{tasks};

  UniqueFd lock;
  Index index;
  std::unique_ptr<IndexWriter> writer;  // from the end of start() on; the first to end

 private:
  Result<std::unique_ptr<IndexFile>> open_index();
};

}  // namespace entrepot::store
