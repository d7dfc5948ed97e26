#include "upstream/authorizer.hpp"

#include "upstream/realm_rule.hpp"
#include "upstream/token_request.hpp"

namespace entrepot::upstream {

namespace {

std::string origin_of(const http::Url& url) { return url.scheme + "://" + url.host + " " + std::to_string(url.port); }

std::vector<std::string> further_realms(const config::Upstream& config) {
  return config.credentials ? config.credentials->realms : std::vector<std::string>();
}

}  // namespace

// Runs as a task of its own, so it owns the request; the authorizer outlives it.
struct Authorizer::FetchToken {
  Authorizer* authorizer;
  TokenRequest request;

  io::Awaitable<Result<Token>> operator()() {
    Result<Token> token = co_await fetch_token(authorizer->client_, authorizer->clock_, request);
    authorizer->metrics_.asked_for_token(token ? ok() : Result<void>(token.error()));
    co_return token;
  }
};

Authorizer::Authorizer(const config::Upstream& config, http::Client& client, io::Tasks& tasks, const Clock& clock,
                       UpstreamMetrics& metrics)
    : name_(config.name),
      realms_(further_realms(config)),
      credentials_(make_credential_provider(config)),
      client_(client),
      clock_(clock),
      metrics_(metrics),
      tokens_(tasks, clock) {}

std::optional<Authorizer::Known> Authorizer::known(const http::Url& url) const {
  std::lock_guard lock(mutex_);
  auto found = known_.find(origin_of(url));
  if (found == known_.end()) return std::nullopt;
  return found->second;
}

void Authorizer::remember(const http::Url& url, Known known) {
  std::lock_guard lock(mutex_);
  known_.insert_or_assign(origin_of(url), std::move(known));
}

void Authorizer::forget(const http::Url& url) {
  std::lock_guard lock(mutex_);
  known_.erase(origin_of(url));
}

void Authorizer::refused(const Authorization& authorization) {
  if (authorization.key_) tokens_.drop(*authorization.key_, authorization.token_);
}

io::Awaitable<Result<std::optional<Authorization>>> Authorizer::answer(Challenge challenge, Challenged request,
                                                                       io::Deadline deadline) {
  if (challenge.scheme == "basic") co_return co_await basic(std::move(request), deadline);
  co_return co_await bearer(std::move(challenge), std::move(request), deadline);
}

io::Awaitable<Result<std::optional<Authorization>>> Authorizer::basic(Challenged request, io::Deadline deadline) {
  std::optional<Authorization> none;
  if (!request.home || credentials_ == nullptr) co_return none;
  Result<Credential> credential = co_await credentials_->get(deadline);
  if (!credential) co_return credential.error();
  Authorization authorization;
  authorization.header_ = basic_authorization(*credential);
  co_return std::optional(std::move(authorization));
}

io::Awaitable<Result<std::optional<Authorization>>> Authorizer::bearer(Challenge challenge, Challenged request,
                                                                       io::Deadline deadline) {
  Result<http::Url> realm = http::Url::parse(challenge.realm);
  if (!realm)
    co_return Error{Errc::BadGateway, "the challenge of " + request.url.authority() + " names no usable realm"};
  RealmTrust trust = trust_in(*realm, request.url, name_, realms_);
  if (trust == RealmTrust::Refused) {
    co_return Error{Errc::BadGateway, "the token endpoint " + realm->authority() + " is not asked over clear text"};
  }

  TokenRequest ask{.realm = *realm,
                   .service = challenge.service,
                   .scope = scope_to_ask(challenge, request.repository, request.url),
                   .credential = std::nullopt,
                   .addresses = {.any = false, .also = {request.kind}}};
  if (request.home && trust == RealmTrust::Credentials && credentials_ != nullptr) {
    Result<Credential> credential = co_await credentials_->get(deadline);
    if (!credential) co_return credential.error();
    ask.credential = std::move(*credential);
  }

  Authorization authorization;
  authorization.key_ = TokenKey{.realm = realm->to_string(),
                                .service = ask.service,
                                .scope = ask.scope,
                                .account = ask.credential ? ask.credential->username : std::string()};
  TokenKey key = *authorization.key_;
  FetchToken fetch{this, std::move(ask)};
  Result<std::string> token = co_await tokens_.get(std::move(key), std::move(fetch), deadline);
  if (!token) co_return token.error();
  authorization.token_ = *token;
  authorization.header_ = "Bearer " + *token;
  co_return std::optional(std::move(authorization));
}

}  // namespace entrepot::upstream
