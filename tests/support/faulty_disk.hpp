// The real disk, except for the one call that a test wants to fail, or to be the process's last.
#pragma once

#include <unistd.h>

#include <atomic>

#include "entrepot/store/disk.hpp"

namespace entrepot::test {

class FaultyDisk : public store::Disk {
 public:
  static constexpr int kCrashed = 77;  // the exit status of a process that crash() has ended

  // The `call`-th call from now on fails, 1 being the next; 0: none does.
  void fail(int call, Errc code = Errc::Io) {
    code_ = code;
    remaining_ = call;
    failed_ = false;
  }
  bool failed() const { return failed_; }

  // The `call`-th call from now on ends the process at once, before it does anything, as kill -9 would.
  void crash(int call) {
    crash_ = true;
    fail(call);
  }

  [[noreturn]] void crash_now() {
    before_crash();
    ::_exit(kCrashed);
  }

  // What free_bytes() says; 0: the truth.
  void set_free_bytes(std::uint64_t bytes) { free_bytes_ = bytes; }

  Result<UniqueFd> create(const std::filesystem::path& path) override {
    if (fails()) return error();
    return real_.create(path);
  }
  Result<UniqueFd> open(const std::filesystem::path& path) override {
    if (fails()) return error();
    return real_.open(path);
  }
  Result<void> allocate(int fd, std::uint64_t size) override {
    if (fails()) return error();
    return real_.allocate(fd, size);
  }
  Result<void> write(int fd, std::uint64_t offset, std::span<const std::byte> bytes) override {
    if (fails()) return error();
    return real_.write(fd, offset, bytes);
  }
  Result<void> sync(int fd) override {
    if (fails()) return error();
    return real_.sync(fd);
  }
  Result<void> sync_directory(const std::filesystem::path& path) override {
    if (fails()) return error();
    return real_.sync_directory(path);
  }
  Result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
    if (fails()) return error();
    return real_.rename(from, to);
  }
  Result<void> remove(const std::filesystem::path& path) override {
    if (fails()) return error();
    return real_.remove(path);
  }
  std::uint64_t free_bytes(const std::filesystem::path& path) override {
    return free_bytes_ != 0 ? free_bytes_.load() : real_.free_bytes(path);
  }

 protected:
  virtual void before_crash() {}  // what ends with the process besides itself

  bool fails() {
    if (remaining_ == 0 || --remaining_ != 0) return false;
    if (crash_) crash_now();
    failed_ = true;
    return true;
  }
  Error error() const { return {code_, "as the test wants it"}; }

 private:
  store::Disk& real_ = store::real_disk();
  std::atomic<int> remaining_{0};
  std::atomic<bool> failed_{false};
  std::atomic<bool> crash_{false};
  std::atomic<Errc> code_{Errc::Io};
  std::atomic<std::uint64_t> free_bytes_{0};
};

}  // namespace entrepot::test
