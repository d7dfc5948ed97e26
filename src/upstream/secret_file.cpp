#include "upstream/secret_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "entrepot/base/unique_fd.hpp"

namespace entrepot::upstream {

namespace {

constexpr std::size_t kLongestSecret = 64 * 1024;

struct ReadSecretFile {
  std::filesystem::path file;

  Result<std::string> operator()() const { return read_secret_file(file); }
};

}  // namespace

Result<std::string> read_secret_file(const std::filesystem::path& file) {
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return io_error("cannot read " + file.string(), errno);
  std::string text;
  char buffer[4096];
  while (text.size() <= kLongestSecret) {
    const ssize_t count = ::read(fd.get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return io_error("cannot read " + file.string(), errno);
    if (count == 0) break;
    text.append(buffer, static_cast<std::size_t>(count));
  }
  if (text.size() > kLongestSecret) return Error{Errc::Io, file.string() + " is too long for a secret"};
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  if (text.empty()) return Error{Errc::Io, file.string() + " is empty"};
  return text;
}

io::Awaitable<Result<std::string>> read_secret_file(io::Pool& pool, std::filesystem::path file) {
  ReadSecretFile work{std::move(file)};
  Result<std::string> text = co_await io::run_blocking(pool, std::move(work));
  if (!text) co_return Error{Errc::BadGateway, text.error().message};
  co_return text;
}

}  // namespace entrepot::upstream
