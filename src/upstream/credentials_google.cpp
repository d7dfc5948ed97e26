#include "upstream/credentials_google.hpp"

#include <stdexcept>

#include "upstream/google_token.hpp"

namespace entrepot::upstream {

namespace {

constexpr std::size_t kLongestKey = 64 * 1024;  // one is some 2 KiB
constexpr std::chrono::seconds kTimeLimit{20};  // of a fetch, whoever waits for it
constexpr char kUser[] = "oauth2accesstoken";   // Source: Artifact Registry's documentation, "Access token"

}  // namespace

// Runs in a task of its own, which the provider outlives.
struct GoogleProvider::Fetch {
  GoogleProvider* provider;

  io::Awaitable<Result<Lease<Token>>> operator()() {
    const io::Deadline deadline = io::SteadyClock::now() + kTimeLimit;
    std::optional<GoogleKey> key;
    int number = 0;
    {
      std::lock_guard lock(provider->mutex_);
      key = provider->key_;
      number = provider->key_number_;
    }
    Result<Lease<std::string>> token = Error{Errc::BadGateway, ""};
    if (key) {
      token = co_await google_token(std::move(*key), provider->web_, provider->context_, deadline);
    } else {
      token = co_await google_metadata_token(provider->metadata_host_, provider->account_, provider->web_, deadline);
    }
    if (!token) co_return token.error();
    co_return Lease<Token>{Token{std::move(token->value), number}, token->life};
  }
};

GoogleProvider::GoogleProvider(const config::GoogleCredentials& config, const config::Upstream& upstream,
                               const Context& context)
    : metadata_host_(config.metadata_host),
      account_(config.account),
      file_(watched(
          config.key_file, kLongestKey, [this](std::string json) { return take(std::move(json)); }, context)),
      context_(context),
      web_(upstream, context),
      token_(upstream.name, "Google access token", context) {
  if (file_ == nullptr) return;
  Result<void> loaded = file_->load();
  if (!loaded) throw std::runtime_error("Google key file: " + loaded.error().message);
}

// A file that is new is read several times: only another content is another key.
Result<void> GoogleProvider::take(std::string json) {
  Result<GoogleKey> key = parse_google_key(json);
  if (!key) return key.error();
  std::lock_guard lock(mutex_);
  if (json == json_) return ok();
  json_ = std::move(json);
  key_ = std::move(*key);
  ++key_number_;
  return ok();
}

int GoogleProvider::key_number() {
  std::lock_guard lock(mutex_);
  return key_number_;
}

io::Awaitable<Result<std::optional<Credential>>> GoogleProvider::get(io::Deadline deadline) {
  if (file_ != nullptr) co_await file_->refresh(deadline);
  const Fetch fetch{this};
  Result<Token> token = co_await token_.get(fetch, deadline);
  if (token && token->key != key_number()) {
    token_.refused(*token);
    token = co_await token_.get(fetch, deadline);
  }
  if (!token) co_return token.error();
  Credential credential{kUser, std::move(token->value)};
  credential.owner = "Google key " + std::to_string(token->key);
  co_return std::optional(std::move(credential));
}

void GoogleProvider::refused(const Credential& credential) {
  token_.refused(Token{credential.secret, key_number()});
  if (file_ != nullptr) file_->look_again();
}

}  // namespace entrepot::upstream
