// Credentials of type basic: a user name, and a password from the configuration or from a file. Thread-safe.
#pragma once

#include <memory>
#include <mutex>

#include "upstream/credentials.hpp"
#include "upstream/watched_file.hpp"

namespace entrepot::upstream {

class BasicProvider final : public CredentialProvider {
 public:
  // Throws std::runtime_error if the file cannot be read, or is empty.
  BasicProvider(const config::BasicCredentials& config, const Context& context);

  io::Awaitable<Result<std::optional<Credential>>> get(io::Deadline deadline) override;
  void refused(const Credential& credential) override;

 private:
  Result<void> take(std::string text);

  const std::unique_ptr<WatchedFile> file_;  // null: the password is the configuration's
  std::mutex mutex_;
  Credential credential_;  // guarded by mutex_
};

}  // namespace entrepot::upstream
