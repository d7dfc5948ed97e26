// The file system calls of the write path. Abstract, so that tests can make any of them fail, or forget what was not
// synced. All of them block: on the disk pool only. Thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "entrepot/base/result.hpp"
#include "entrepot/base/unique_fd.hpp"

namespace entrepot::store {

// Every error is Errc::Io, or Errc::NoRoom for ENOSPC and EDQUOT, and names the path where one is known.
class Disk {
 public:
  virtual ~Disk() = default;

  virtual Result<UniqueFd> create(const std::filesystem::path& path) = 0;  // read and write; the file must not exist
  virtual Result<UniqueFd> open(const std::filesystem::path& path) = 0;    // read and write; the file must exist
  virtual Result<void> allocate(int fd, std::uint64_t size) = 0;  // sets the size and, where it can be, the room
  virtual Result<void> write(int fd, std::uint64_t offset, std::span<const std::byte> bytes) = 0;  // all of them

  // Asks the kernel to begin writing these bytes to the disk, so that a later sync() has little left to do. Only a
  // hint: nothing is known to be durable by it, and a double need not do anything.
  virtual void start_write_back(int /*fd*/, std::uint64_t /*offset*/, std::uint64_t /*length*/) {}

  virtual Result<void> sync(int fd) = 0;  // data and size
  virtual Result<void> sync_directory(const std::filesystem::path& path) = 0;
  virtual Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) = 0;  // replaces `to`
  virtual Result<void> remove(const std::filesystem::path& path) = 0;  // no error if there is none
  virtual std::uint64_t free_bytes(
      const std::filesystem::path& path) = 0;  // for this user; the largest number if unknown
};

// The kernel's.
Disk& real_disk();

}  // namespace entrepot::store
