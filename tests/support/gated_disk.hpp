// The real disk, whose syncs wait for a gate: a disk that takes its time. Thread-safe.
#pragma once

#include <mutex>

#include "entrepot/store/disk.hpp"
#include "gate.hpp"

namespace entrepot::test {

class GatedDisk final : public store::Disk {
 public:
  // Every sync of a file from now on passes the gate.
  void hold_syncs(GatePtr gate) {
    std::lock_guard lock(mutex_);
    gate_ = std::move(gate);
  }

  Result<UniqueFd> create(const std::filesystem::path& path) override { return real_.create(path); }
  Result<UniqueFd> open(const std::filesystem::path& path) override { return real_.open(path); }
  Result<void> allocate(int fd, std::uint64_t size) override { return real_.allocate(fd, size); }
  Result<void> write(int fd, std::uint64_t offset, std::span<const std::byte> bytes) override {
    return real_.write(fd, offset, bytes);
  }
  Result<void> sync(int fd) override {
    if (GatePtr gate = current_gate()) gate->pass();
    return real_.sync(fd);
  }
  Result<void> sync_directory(const std::filesystem::path& path) override { return real_.sync_directory(path); }
  Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
    return real_.rename(from, to);
  }
  Result<void> remove(const std::filesystem::path& path) override { return real_.remove(path); }
  std::uint64_t free_bytes(const std::filesystem::path& path) override { return real_.free_bytes(path); }

 private:
  GatePtr current_gate() {
    std::lock_guard lock(mutex_);
    return gate_;
  }

  store::Disk& real_ = store::real_disk();
  std::mutex mutex_;
  GatePtr gate_;  // guarded by mutex_
};

}  // namespace entrepot::test
