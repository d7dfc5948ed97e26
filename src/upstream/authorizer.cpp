#include "upstream/authorizer.hpp"

#include "upstream/realm_rule.hpp"

namespace entrepot::upstream {

namespace {

std::string origin_of(const http::Url& url) { return url.scheme + "://" + url.host + " " + std::to_string(url.port); }

// Whether the account is what was refused, and not what it had asked for. Clouds' registries know the two apart: 403 is
// of the repository. Others do not (ghcr.io has 403 for both).
bool is_refusal_of(const Credential& account, unsigned status) {
  return status == 401 || (status == 403 && account.owner.empty());
}

bool is_refusal_of(const Credential& account, const Error& error) {
  return error.code == Errc::Denied && is_refusal_of(account, error.status);
}

// A cloud's next token is the same account's, whose tokens are as good as before.
std::string account_of(const Credential& credential) {
  return credential.owner.empty() ? fingerprint(credential) : credential.owner;
}

std::vector<std::string> further_realms(const config::Upstream& config) {
  if (config.passthrough) return config.passthrough->realms;
  return config.credentials ? config.credentials->realms : std::vector<std::string>();
}

}  // namespace

// Runs as a task of its own, so it owns the request; the authorizer outlives it.
struct Authorizer::FetchToken {
  Authorizer* authorizer;
  TokenRequest request;
  bool for_client;  // the account is a client's

  io::Awaitable<Result<Token>> operator()() {
    Result<Token> token = co_await fetch_token(authorizer->client_, authorizer->clock_, request);
    authorizer->metrics_.asked_for_token(token ? ok() : Result<void>(token.error()));
    if (!request.credential) co_return token;
    if (for_client) {
      // Not 403, which some token endpoints have for a repository (ghcr.io).
      if (token || token.error().code != Errc::Denied || token.error().status != 401) co_return token;
      authorizer->tokens_.drop_all_of(account_of(*request.credential));
      Error refused = token.error();
      refused.of_account = true;
      co_return refused;
    }
    if (token) {
      authorizer->alarm_->accepted();
    } else if (is_refusal_of(*request.credential, token.error())) {
      authorizer->credentials_->refused(*request.credential);
    }
    co_return token;
  }
};

Authorizer::Authorizer(const config::Upstream& config, http::Client& client, const Context& context,
                       UpstreamMetrics& metrics)
    : name_(config.name),
      realms_(further_realms(config)),
      credentials_(make_credential_provider(config, context)),
      client_(client),
      clock_(context.clock),
      metrics_(metrics),
      tokens_(context.tasks, context.clock) {
  if (credentials_ != nullptr) alarm_.emplace(name_, context.registry, context.notices);
}

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
  if (authorization.credential_) credentials_->refused(*authorization.credential_);
}

void Authorizer::answered(const Authorization& authorization, const http::Url& url, unsigned status) {
  if (!authorization.credential_) return;
  if (is_refusal_of(*authorization.credential_, status)) {
    credentials_->refused(*authorization.credential_);
    alarm_->refused(*authorization.credential_, url.authority());
  } else if (status < 400 || status == 404) {
    alarm_->accepted();
  }
}

io::Awaitable<Result<std::optional<Authorization>>> Authorizer::answer(Challenge challenge, Challenged request,
                                                                       io::Deadline deadline) {
  if (challenge.scheme == "basic") co_return co_await basic(std::move(request), deadline);
  co_return co_await bearer(std::move(challenge), std::move(request), deadline);
}

io::Awaitable<Result<std::optional<Credential>>> Authorizer::credential(const Challenged& request,
                                                                        io::Deadline deadline) {
  std::optional<Credential> none;
  if (!request.home) co_return none;
  if (request.view.client) {
    co_return std::optional(Credential{request.view.client->username, request.view.client->secret});
  }
  if (credentials_ == nullptr) co_return none;
  Result<std::optional<Credential>> credential = co_await credentials_->get(deadline);
  if (credential && !*credential) alarm_->absent();
  co_return credential;
}

io::Awaitable<Result<std::optional<Authorization>>> Authorizer::basic(Challenged request, io::Deadline deadline) {
  std::optional<Authorization> none;
  Result<std::optional<Credential>> account = co_await credential(request, deadline);
  if (!account) co_return account.error();
  // The other kinds are for token endpoints, and for registries that have one.
  if (!*account || (*account)->kind != Credential::Kind::Password) co_return none;
  Authorization authorization;
  authorization.header_ = basic_authorization(**account);
  if (!request.view.client) authorization.credential_ = std::move(*account);
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
                   .scope = scope_to_ask(challenge, request.view.repository, request.url),
                   .credential = std::nullopt,
                   .addresses = {.any = false, .also = {request.kind}}};
  Result<std::optional<Credential>> account = co_await credential(request, deadline);
  if (!account) co_return account.error();
  if (*account && (*account)->kind == Credential::Kind::RegistryToken) {
    Authorization authorization;  // the registry's own, whatever its realm is
    authorization.header_ = "Bearer " + (*account)->secret;
    authorization.credential_ = std::move(*account);
    co_return std::optional(std::move(authorization));
  }
  const bool for_client = request.view.client != nullptr;
  if (trust == RealmTrust::Credentials) {
    ask.credential = std::move(*account);
  } else if (for_client && request.home) {
    // What an anonymous token opens would be taken for what this client may see.
    co_return Error{Errc::BadGateway, "the token endpoint " + realm->authority() +
                                          " is not trusted with accounts: name it in credentials.realms"};
  }

  Result<Authorization> authorization = co_await token(ask, for_client, deadline);
  const bool refused = !authorization && ask.credential && is_refusal_of(*ask.credential, authorization.error());
  if (refused && !for_client) {
    // Perhaps it has been replaced meanwhile. Only another one is tried: accounts are locked for wrong passwords.
    Result<std::optional<Credential>> replaced = co_await credential(request, deadline);
    if (replaced && *replaced && *replaced != ask.credential && (*replaced)->kind != Credential::Kind::RegistryToken) {
      ask.credential = std::move(*replaced);
      authorization = co_await token(ask, for_client, deadline);
    }
    const bool still_refused = !authorization && is_refusal_of(*ask.credential, authorization.error());
    if (still_refused) alarm_->refused(*ask.credential, realm->authority());
  }
  if (!authorization) co_return authorization.error();
  co_return std::optional(std::move(*authorization));
}

io::Awaitable<Result<Authorization>> Authorizer::token(TokenRequest request, bool for_client, io::Deadline deadline) {
  Authorization authorization;
  authorization.key_ = TokenKey{.realm = request.realm.to_string(),
                                .service = request.service,
                                .scope = request.scope,
                                .account = request.credential ? account_of(*request.credential) : std::string()};
  TokenKey key = *authorization.key_;
  FetchToken fetch{this, std::move(request), for_client};
  Result<std::string> token = co_await tokens_.get(std::move(key), std::move(fetch), deadline);
  if (!token) co_return token.error();
  authorization.token_ = *token;
  authorization.header_ = "Bearer " + *token;
  co_return authorization;
}

}  // namespace entrepot::upstream
