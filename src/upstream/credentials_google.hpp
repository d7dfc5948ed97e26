// Credentials of type google: an access token of a Google account, as Artifact Registry and gcr.io take it in a
// password's place. Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "upstream/credentials.hpp"
#include "upstream/google_key.hpp"
#include "upstream/renewed.hpp"
#include "upstream/watched_file.hpp"
#include "upstream/web_client.hpp"

namespace entrepot::upstream {

class GoogleProvider final : public CredentialProvider {
 public:
  // Throws std::runtime_error if there is a key file that cannot be read or makes no sense. `upstream` has the proxies
  // and certificates of the way to Google. What `context` refers to must outlive it.
  GoogleProvider(const config::GoogleCredentials& config, const config::Upstream& upstream, const Context& context);

  io::Awaitable<Result<std::optional<Credential>>> get(io::Deadline deadline) override;
  void refused(const Credential& credential) override;

 private:
  // A token, and which key it was got with: another key may be another account's.
  struct Token {
    std::string value;
    int key = 0;
    friend bool operator==(const Token&, const Token&) = default;
  };
  struct Fetch;

  Result<void> take(std::string json);
  int key_number();

  const std::string metadata_host_;
  const std::string account_;
  const std::unique_ptr<WatchedFile> file_;  // null: the metadata service has the account
  const Context context_;
  WebClient web_;
  Renewed<Token> token_;
  std::mutex mutex_;
  std::string json_;              // guarded by mutex_: what the file holds
  std::optional<GoogleKey> key_;  // guarded by mutex_: likewise
  int key_number_ = 0;            // guarded by mutex_: counts the keys that the file has held
};

}  // namespace entrepot::upstream
