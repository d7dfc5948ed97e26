#include "store/room_keepers.hpp"

namespace entrepot::store {

void RoomKeeper::keep(Reservation room) {
  std::lock_guard lock(mutex_);
  room_ = std::move(room);
}

std::shared_ptr<RoomKeeper> RoomKeepers::enter(const oci::Digest& digest) {
  std::lock_guard lock(mutex_);
  if (keepers_.size() >= tidy_at_) {
    std::erase_if(keepers_, [](const auto& entry) { return entry.second.expired(); });
    tidy_at_ = 1024 + 2 * keepers_.size();
  }
  std::weak_ptr<RoomKeeper>& entry = keepers_[digest];
  std::shared_ptr<RoomKeeper> keeper = entry.lock();
  if (!keeper) {
    keeper = std::make_shared<RoomKeeper>();
    entry = keeper;
  }
  return keeper;
}

void RoomKeepers::leave(const oci::Digest& digest, Reservation room) {
  std::shared_ptr<RoomKeeper> keeper;
  {
    std::lock_guard lock(mutex_);
    auto entry = keepers_.find(digest);
    if (entry == keepers_.end()) return;
    keeper = entry->second.lock();
    keepers_.erase(entry);
  }
  if (keeper) keeper->keep(std::move(room));
}

bool RoomKeepers::in_use(const oci::Digest& digest) const {
  std::lock_guard lock(mutex_);
  auto entry = keepers_.find(digest);
  return entry != keepers_.end() && !entry->second.expired();
}

}  // namespace entrepot::store
