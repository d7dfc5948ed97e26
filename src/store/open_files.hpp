// The files that were opened lately, so that a hit opens none. Thread-safe; never touches the disk but to close.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "entrepot/oci/digest.hpp"
#include "entrepot/store/store.hpp"

namespace entrepot::store {

class OpenFiles {
 public:
  explicit OpenFiles(std::size_t capacity) : capacity_(capacity) {}

  std::shared_ptr<const StoredFile> find(const oci::Digest& digest);  // null if there is none
  void add(const oci::Digest& digest, std::shared_ptr<const StoredFile> file);
  void forget(const oci::Digest& digest);

 private:
  struct Entry {
    oci::Digest digest;
    std::shared_ptr<const StoredFile> file;  // shared with its readers
  };
  using Entries = std::list<Entry>;

  const std::size_t capacity_;
  std::mutex mutex_;
  Entries entries_;                                               // guarded by mutex_; the latest used first
  std::unordered_map<oci::Digest, Entries::iterator> positions_;  // guarded by mutex_
};

}  // namespace entrepot::store
