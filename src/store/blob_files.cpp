#include "store/blob_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

namespace entrepot::store {

namespace fs = std::filesystem;

namespace {

constexpr HashAlgorithm kAlgorithms[] = {HashAlgorithm::Sha256, HashAlgorithm::Sha512};
constexpr std::uint64_t kFolderBytes = 4096;

Error unreadable(const fs::path& path, const std::error_code& error) {
  return {Errc::Io, "read " + path.string() + ": " + error.message()};
}

// Calls `visit` for each entry of a folder.
template <class Visit>
Result<void> for_each_entry(const fs::path& path, Visit visit) {
  std::error_code error;
  auto entry = fs::directory_iterator(path, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    Result<void> visited = visit(*entry);
    if (!visited) return visited;
  }
  if (error) return unreadable(path, error);
  return ok();
}

}  // namespace

Result<void> BlobFiles::open() {
  for (HashAlgorithm algorithm : kAlgorithms) {
    fs::path path = root_ / name_of(algorithm);
    Result<void> counted = for_each_entry(path, [&](const fs::directory_entry&) {
      space_.add(kFolderBytes);
      return ok();
    });
    if (!counted) return counted;
    Result<void> synced = fsync_ ? disk_.sync_directory(path) : ok();
    if (!synced) return synced;
  }
  if (!fsync_) return ok();
  Result<void> synced = disk_.sync_directory(root_);
  if (!synced) return synced;
  return disk_.sync_directory(root_.parent_path());
}

fs::path BlobFiles::folder(const oci::Digest& digest) const {
  return root_ / name_of(digest.algorithm()) / digest.hex().substr(0, 2);
}

Result<void> BlobFiles::make_folder(const oci::Digest& digest) {
  fs::path path = folder(digest);
  std::lock_guard lock(folders_);
  std::error_code error;
  bool made = fs::create_directory(path, error);
  if (error) return Error{Errc::Io, "make " + path.string() + ": " + error.message()};
  if (!made) return ok();
  Result<void> synced = fsync_ ? disk_.sync_directory(path.parent_path()) : ok();
  if (synced) {
    space_.add(kFolderBytes);
  } else {
    fs::remove(path, error);
  }
  return synced;
}

Result<UniqueFd> BlobFiles::open_file(const oci::Digest& digest, std::uint64_t size) const {
  fs::path name = path(digest);
  UniqueFd fd(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) {
    int reason = errno;
    Error error = io_error("open " + name.string(), reason);
    if (reason == ENOENT || reason == ENOTDIR || reason == ELOOP) error.code = Errc::NotFound;
    return error;
  }
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) return io_error("stat " + name.string(), errno);
  if (!S_ISREG(info.st_mode) || static_cast<std::uint64_t>(info.st_size) != size) {
    return Error{Errc::NotFound, name.string() + " has not the size that it was stored with"};
  }
  return fd;
}

Result<void> BlobFiles::scan(const std::function<void(const oci::Digest&, std::uint64_t)>& found) const {
  auto file = [&](const std::string& prefix, const fs::directory_entry& entry) {
    std::error_code error;
    Result<oci::Digest> digest = oci::Digest::parse(prefix + entry.path().filename().string());
    if (!digest || !entry.is_regular_file(error)) return ok();
    std::uint64_t size = entry.file_size(error);
    if (!error) found(*digest, size);
    return ok();
  };
  for (HashAlgorithm algorithm : kAlgorithms) {
    std::string prefix = std::string(name_of(algorithm)) + ":";
    Result<void> read = for_each_entry(root_ / name_of(algorithm), [&](const fs::directory_entry& folder) {
      std::error_code error;
      if (!folder.is_directory(error)) return ok();
      return for_each_entry(folder.path(), [&](const fs::directory_entry& entry) { return file(prefix, entry); });
    });
    if (!read) return read;
  }
  return ok();
}

Result<bool> has_digest(int fd, const oci::Digest& digest) {
  ::posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  Hasher hasher(digest.algorithm());
  std::vector<std::byte> buffer(256 * 1024);
  for (std::uint64_t offset = 0;;) {
    ssize_t count = ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return io_error("read " + digest.to_string(), errno);
    if (count == 0) return hasher.digest() == digest.raw();
    hasher.update(std::span(buffer).first(static_cast<std::size_t>(count)));
    offset += static_cast<std::uint64_t>(count);
  }
}

}  // namespace entrepot::store
