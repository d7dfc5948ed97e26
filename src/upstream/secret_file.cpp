#include "upstream/secret_file.hpp"

#include "upstream/read_file.hpp"

namespace entrepot::upstream {

namespace {

constexpr std::size_t kLongestSecret = 64 * 1024;

struct ReadSecretFile {
  std::filesystem::path file;

  Result<std::string> operator()() const { return read_secret_file(file); }
};

}  // namespace

void drop_final_newline(std::string& text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
}

Result<std::string> read_secret_file(const std::filesystem::path& file) {
  Result<std::string> text = read_file(file, kLongestSecret);
  if (!text) return text;
  drop_final_newline(*text);
  if (text->empty()) return Error{Errc::Io, file.string() + " is empty"};
  return text;
}

io::Awaitable<Result<std::string>> read_secret_file(io::Pool& pool, std::filesystem::path file) {
  ReadSecretFile work{std::move(file)};
  Result<std::string> text = co_await io::run_blocking(pool, std::move(work));
  if (!text) co_return Error{Errc::BadGateway, text.error().message};
  co_return text;
}

}  // namespace entrepot::upstream
