// Who has a file in blobs/ open. When its name goes meanwhile, the room that it takes stays in use until the last of
// them has closed it. Thread-safe; no call touches the disk.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>

#include "entrepot/oci/digest.hpp"
#include "store/space.hpp"

namespace entrepot::store {

// Held for as long as a file is open, and let go of after it was closed.
class RoomKeeper {
 public:
  void keep(Reservation room);

 private:
  std::mutex mutex_;
  Reservation room_;  // guarded by mutex_
};

class RoomKeepers {
 public:
  // For one who has the file open that now has the name of `digest`.
  std::shared_ptr<RoomKeeper> enter(const oci::Digest& digest);

  // The file has lost its name.
  void leave(const oci::Digest& digest, Reservation room);

  bool in_use(const oci::Digest& digest) const;

 private:
  mutable std::mutex mutex_;
  std::unordered_map<oci::Digest, std::weak_ptr<RoomKeeper>> keepers_;  // guarded by mutex_
  std::size_t tidy_at_ = 1024;                                          // guarded by mutex_: entries of files closed go
};

}  // namespace entrepot::store
