// The tree of complete objects: blobs/<algorithm>/<first two digits>/<hex>. Thread-safe; everything but the paths
// blocks.
#pragma once

#include <filesystem>
#include <functional>
#include <mutex>

#include "entrepot/base/result.hpp"
#include "entrepot/base/unique_fd.hpp"
#include "entrepot/oci/digest.hpp"
#include "entrepot/store/disk.hpp"
#include "store/space.hpp"

namespace entrepot::store {

class BlobFiles {
 public:
  BlobFiles(Disk& disk, Space& space, std::filesystem::path root, bool fsync)
      : disk_(disk), space_(space), root_(std::move(root)), fsync_(fsync) {}

  // Makes the folders' entries durable, in case an earlier process was killed before it could; counts what is there.
  Result<void> open();

  std::filesystem::path folder(const oci::Digest& digest) const;
  std::filesystem::path path(const oci::Digest& digest) const { return folder(digest) / digest.hex(); }

  // A new object's folder, durable when it returns.
  Result<void> make_folder(const oci::Digest& digest);

  // Errc::NotFound if there is no such file or its size is another.
  Result<UniqueFd> open_file(const oci::Digest& digest, std::uint64_t size) const;

  // Calls `found` for every file whose name is a digest. Errc::Io if the tree cannot be read.
  Result<void> scan(const std::function<void(const oci::Digest&, std::uint64_t size)>& found) const;

 private:
  Disk& disk_;
  Space& space_;
  const std::filesystem::path root_;
  const bool fsync_;
  std::mutex folders_;  // a folder that one thread has made is not used by another before it is durable
};

// Whether the file's bytes have this digest. Reads all of it.
Result<bool> has_digest(int fd, const oci::Digest& digest);

}  // namespace entrepot::store
