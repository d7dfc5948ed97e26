// The kernel's file system calls.

#include "entrepot/store/disk.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <limits>

namespace entrepot::store {

namespace {

Error failure(const std::string& what, int errno_value) {
  Error error = io_error(what, errno_value);
  if (errno_value == ENOSPC || errno_value == EDQUOT) error.code = Errc::NoRoom;
  return error;
}

// The path that a descriptor was opened by, for messages.
std::string name_of(int fd) {
  std::error_code ignored;
  std::filesystem::path path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), ignored);
  return path.empty() ? "a file" : path.string();
}

Result<UniqueFd> open_file(const std::filesystem::path& path, int flags, const char* verb) {
  UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC, 0640));
  if (!fd) return failure(std::string(verb) + " " + path.string(), errno);
  return fd;
}

class RealDisk final : public Disk {
 public:
  Result<UniqueFd> create(const std::filesystem::path& path) override {
    return open_file(path, O_RDWR | O_CREAT | O_EXCL, "create");
  }

  Result<UniqueFd> open(const std::filesystem::path& path) override { return open_file(path, O_RDWR, "open"); }

  Result<void> allocate(int fd, std::uint64_t size) override {
    if (size == 0) return ok();  // a new file is that already, and fallocate() refuses it
    while (::fallocate(fd, 0, 0, static_cast<off_t>(size)) != 0) {
      if (errno == EINTR) continue;
      if (errno != EOPNOTSUPP && errno != ENOSYS) return failure("allocate " + name_of(fd), errno);
      if (::ftruncate(fd, static_cast<off_t>(size)) != 0) return failure("set the size of " + name_of(fd), errno);
      break;
    }
    return ok();
  }

  Result<void> write(int fd, std::uint64_t offset, std::span<const std::byte> bytes) override {
    while (!bytes.empty()) {
      ssize_t written = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return failure("write " + name_of(fd), errno);
      offset += static_cast<std::uint64_t>(written);
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return ok();
  }

  void start_write_back(int fd, std::uint64_t offset, std::uint64_t length) override {
    ::sync_file_range(fd, static_cast<off_t>(offset), static_cast<off_t>(length), SYNC_FILE_RANGE_WRITE);
  }

  Result<void> sync(int fd) override {
    if (::fdatasync(fd) != 0) return failure("sync " + name_of(fd), errno);
    return ok();
  }

  Result<void> sync_directory(const std::filesystem::path& path) override {
    UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory || ::fsync(directory.get()) != 0) return failure("sync " + path.string(), errno);
    return ok();
  }

  Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0)
      return failure("rename " + from.string() + " to " + to.string(), errno);
    return ok();
  }

  Result<void> remove(const std::filesystem::path& path) override {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return failure("remove " + path.string(), errno);
    return ok();
  }

  std::uint64_t free_bytes(const std::filesystem::path& path) override {
    struct statvfs info{};
    if (::statvfs(path.c_str(), &info) != 0) return std::numeric_limits<std::uint64_t>::max();
    return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
  }
};

}  // namespace

Disk& real_disk() {
  static RealDisk disk;
  return disk;
}

}  // namespace entrepot::store
