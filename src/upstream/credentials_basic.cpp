#include "upstream/credentials_basic.hpp"

#include <stdexcept>

namespace entrepot::upstream {

namespace {

constexpr std::size_t kLongestPassword = 64 * 1024;  // a service account's key is some 2 KiB

std::unique_ptr<WatchedFile> file_of(const config::BasicCredentials& config, WatchedFile::Take take,
                                     const Context& context) {
  if (!config.password_file) return nullptr;
  return std::make_unique<WatchedFile>(*config.password_file, kLongestPassword, std::move(take), context);
}

}  // namespace

BasicProvider::BasicProvider(const config::BasicCredentials& config, const Context& context)
    : file_(file_of(
          config, [this](std::string text) { return take(std::move(text)); }, context)),
      credential_{config.username, config.password} {
  if (file_ == nullptr) return;
  Result<void> loaded = file_->load();
  if (!loaded) throw std::runtime_error("password file: " + loaded.error().message);
}

Result<void> BasicProvider::take(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  // Whoever writes it in place empties it first.
  if (text.empty()) return Error{Errc::Invalid, "holds no password"};
  std::lock_guard lock(mutex_);
  credential_.secret = std::move(text);
  return ok();
}

io::Awaitable<Result<std::optional<Credential>>> BasicProvider::get(io::Deadline deadline) {
  if (file_ != nullptr) co_await file_->refresh(deadline);
  std::lock_guard lock(mutex_);
  co_return std::optional(credential_);
}

void BasicProvider::refused(const Credential&) {
  if (file_ != nullptr) file_->look_again();
}

}  // namespace entrepot::upstream
