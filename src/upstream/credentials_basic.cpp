#include "upstream/credentials_basic.hpp"

#include <stdexcept>

#include "upstream/secret_file.hpp"

namespace entrepot::upstream {

namespace {

constexpr std::size_t kLongestPassword = 64 * 1024;  // a service account's key is some 2 KiB

}  // namespace

BasicProvider::BasicProvider(const config::BasicCredentials& config, const Context& context)
    : file_(watched(
          config.password_file, kLongestPassword, [this](std::string text) { return take(std::move(text)); }, context)),
      credential_{config.username, config.password} {
  if (file_ == nullptr) return;
  Result<void> loaded = file_->load();
  if (!loaded) throw std::runtime_error("password file: " + loaded.error().message);
}

Result<void> BasicProvider::take(std::string text) {
  drop_final_newline(text);
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
