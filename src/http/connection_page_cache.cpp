// preadv2(2) with RWF_NOWAIT tells whether a read would wait.
#include "http/connection_page_cache.hpp"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace entrepot::http {

namespace {

constexpr std::uint64_t kProbeStep = 256 * 1024;

bool page_is_missing(int fd, std::uint64_t offset) {
  char byte;
  iovec target{&byte, 1};
  return ::preadv2(fd, &target, 1, static_cast<off_t>(offset), RWF_NOWAIT) < 0 && errno == EAGAIN;
}

struct ReadThrough {
  int fd;
  std::uint64_t offset;
  std::uint64_t length;

  bool operator()() const {
    std::array<char, 64 * 1024> scratch;
    for (std::uint64_t done = 0; done < length; done += scratch.size()) {
      std::size_t size = std::min<std::uint64_t>(scratch.size(), length - done);
      if (read_at(fd, offset + done, std::span(scratch).first(size)) < size) return false;
    }
    return true;
  }
};

}  // namespace

bool in_page_cache(int fd, std::uint64_t offset, std::uint64_t length) {
  for (std::uint64_t at = 0; at < length; at += kProbeStep) {
    if (page_is_missing(fd, offset + at)) return false;
  }
  return !page_is_missing(fd, offset + length - 1);
}

io::Awaitable<> bring_into_page_cache(io::Pool& pool, int fd, std::uint64_t offset, std::uint64_t length) {
  ReadThrough work{fd, offset, length};
  co_await io::run_blocking(pool, work);
}

std::size_t read_at(int fd, std::uint64_t offset, std::span<char> buffer) {
  std::size_t done = 0;
  while (done < buffer.size()) {
    ssize_t n = ::pread(fd, buffer.data() + done, buffer.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

}  // namespace entrepot::http
