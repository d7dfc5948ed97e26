#include "cache/hot_manifests.hpp"

namespace entrepot::cache {

SharedBytes HotManifests::find(const oci::Digest& digest) {
  std::lock_guard lock(mutex_);
  auto found = by_digest_.find(digest);
  if (found == by_digest_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->bytes;
}

void HotManifests::put(const oci::Digest& digest, SharedBytes bytes) {
  std::lock_guard lock(mutex_);
  if (by_digest_.contains(digest)) return;
  bytes_ += bytes->size();
  entries_.push_front(Entry{digest, std::move(bytes)});
  by_digest_.emplace(digest, entries_.begin());
  while (bytes_ > capacity_ && entries_.size() > 1) {
    bytes_ -= entries_.back().bytes->size();
    by_digest_.erase(entries_.back().digest);
    entries_.pop_back();
  }
}

void HotManifests::forget(const oci::Digest& digest) {
  std::lock_guard lock(mutex_);
  auto found = by_digest_.find(digest);
  if (found == by_digest_.end()) return;
  bytes_ -= found->second->bytes->size();
  entries_.erase(found->second);
  by_digest_.erase(found);
}

}  // namespace entrepot::cache
