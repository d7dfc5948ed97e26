// The bytes of manifests that were used lately, and of those whose way to the disk is not over. Thread-safe.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "entrepot/oci/digest.hpp"

namespace entrepot::cache {

using SharedBytes = std::shared_ptr<const std::string>;

class HotManifests {
 public:
  // Keeps at most about `capacity` bytes.
  explicit HotManifests(std::size_t capacity) : capacity_(capacity) {}

  SharedBytes find(const oci::Digest& digest);  // null if it is not here
  void put(const oci::Digest& digest, SharedBytes bytes);
  void forget(const oci::Digest& digest);

 private:
  struct Entry {
    oci::Digest digest;
    SharedBytes bytes;
  };

  const std::size_t capacity_;
  std::mutex mutex_;
  std::list<Entry> entries_;  // guarded by mutex_, as all below; the one used last is in front
  std::unordered_map<oci::Digest, std::list<Entry>::iterator> by_digest_;
  std::size_t bytes_ = 0;
};

}  // namespace entrepot::cache
