#include "upstream/read_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "entrepot/base/unique_fd.hpp"

namespace entrepot::upstream {

Result<std::string> read_all(int fd, std::size_t limit, const std::string& name) {
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t count = ::read(fd, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return io_error("cannot read " + name, errno);
    if (count == 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
    if (text.size() > limit) return Error{Errc::Io, name + " has more than " + std::to_string(limit) + " bytes"};
  }
}

Result<std::string> read_file(const std::filesystem::path& file, std::size_t limit) {
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return io_error("cannot read " + file.string(), errno);
  return read_all(fd.get(), limit, file.string());
}

}  // namespace entrepot::upstream
