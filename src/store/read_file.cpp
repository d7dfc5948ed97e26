#include "store/read_file.hpp"

#include <unistd.h>

#include <cerrno>

namespace entrepot::store {

Result<void> read_exactly(int fd, std::uint64_t offset, std::span<std::byte> buffer) {
  while (!buffer.empty()) {
    ssize_t count = ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return io_error("read a stored file", errno);
    if (count == 0) return Error{Errc::Io, "a stored file is shorter than it was"};
    offset += static_cast<std::uint64_t>(count);
    buffer = buffer.subspan(static_cast<std::size_t>(count));
  }
  return ok();
}

}  // namespace entrepot::store
