// A file descriptor with one owner.
#pragma once

#include <utility>

namespace entrepot {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~UniqueFd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }

  // Closes what is held, if anything. close() of a file may wait for the disk: not on an io thread for files written
  // to.
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

}  // namespace entrepot
