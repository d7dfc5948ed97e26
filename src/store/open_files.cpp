#include "store/open_files.hpp"

namespace entrepot::store {

std::shared_ptr<const StoredFile> OpenFiles::find(const oci::Digest& digest) {
  std::lock_guard lock(mutex_);
  auto position = positions_.find(digest);
  if (position == positions_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, position->second);
  return position->second->file;
}

void OpenFiles::add(const oci::Digest& digest, std::shared_ptr<const StoredFile> file) {
  std::shared_ptr<const StoredFile> oldest;  // closed, where nobody reads it, after the lock
  std::lock_guard lock(mutex_);
  if (positions_.contains(digest)) return;
  entries_.push_front({digest, std::move(file)});
  positions_.emplace(digest, entries_.begin());
  if (entries_.size() <= capacity_) return;
  oldest = std::move(entries_.back().file);
  positions_.erase(entries_.back().digest);
  entries_.pop_back();
}

void OpenFiles::forget(const oci::Digest& digest) {
  std::shared_ptr<const StoredFile> file;  // likewise
  std::lock_guard lock(mutex_);
  auto position = positions_.find(digest);
  if (position == positions_.end()) return;
  file = std::move(position->second->file);
  entries_.erase(position->second);
  positions_.erase(position);
}

}  // namespace entrepot::store
