#include "upstream/credentials_acr.hpp"

#include <stdexcept>

#include "upstream/entra_token.hpp"
#include "upstream/json_web_token.hpp"
#include "upstream/secret_file.hpp"
#include "upstream/token_call.hpp"

namespace entrepot::upstream {

namespace {

constexpr std::chrono::seconds kTimeLimit{20};  // of a fetch, whoever waits for it
constexpr std::chrono::hours kUnsaidLife{1};    // of a refresh token that does not say it; they live for three

// Source: Azure/acr: docs/AAD-OAuth.md, "Calling POST /oauth2/exchange".
http::Url exchange_of(const config::Upstream& upstream) {
  Result<http::Url> url = http::Url::parse(upstream.urls.front());
  if (url) url = url->resolve("/oauth2/exchange");
  if (!url) throw std::runtime_error("upstream " + upstream.name + " has no usable URL");
  if (!is_private_way(*url)) {
    throw std::runtime_error("the URL of upstream " + upstream.name +
                             " does not begin with https://: Entra's token would go there in clear text");
  }
  return *url;
}

// At the start, so that a missing file or a wrong address stops it.
void check(const config::AcrCredentials& config) {
  const auto require = [](const auto& result) {
    if (!result) throw std::runtime_error("Microsoft Entra: " + result.error().message);
  };
  const auto* secret = std::get_if<config::EntraSecret>(&config.proof);
  const auto* federation = std::get_if<config::EntraFederation>(&config.proof);
  if (secret != nullptr || federation != nullptr) require(entra_token_endpoint(config));
  if (secret != nullptr && secret->file) require(read_secret_file(*secret->file));
  if (federation != nullptr) require(read_secret_file(federation->token_file));
}

}  // namespace

// Runs in a task of its own, which the provider outlives.
struct AcrProvider::Fetch {
  AcrProvider* provider;

  io::Awaitable<Result<Lease<std::string>>> operator()() {
    const io::Deadline deadline = io::SteadyClock::now() + kTimeLimit;
    Result<std::string> entra = co_await entra_token(provider->config_, provider->web_, provider->context_, deadline);
    if (!entra) co_return entra.error();
    TokenCall exchange{.request = form_post(provider->exchange_, {{"grant_type", "access_token"},
                                                                  {"service", provider->service_},
                                                                  {"tenant", provider->config_.tenant},
                                                                  {"access_token", *entra}}),
                       .service = "the token exchange",
                       .field = "refresh_token",
                       .secrets = {*entra}};
    exchange.request.deadline = deadline;
    Result<GivenToken> given = co_await call_for_token(provider->web_, std::move(exchange));
    if (!given) co_return given.error();
    const Duration life = life_of_web_token(given->token, provider->context_.clock.now()).value_or(kUnsaidLife);
    co_return Lease<std::string>{std::move(given->token), life};
  }
};

AcrProvider::AcrProvider(const config::AcrCredentials& config, const config::Upstream& upstream, const Context& context)
    : config_(config),
      exchange_(exchange_of(upstream)),
      service_(exchange_.host),
      context_(context),
      web_(upstream, context),
      token_(upstream.name, "refresh token", context) {
  check(config_);
}

io::Awaitable<Result<std::optional<Credential>>> AcrProvider::get(io::Deadline deadline) {
  const Fetch fetch{this};
  Result<std::string> token = co_await token_.get(fetch, deadline);
  if (!token) co_return token.error();
  co_return std::optional(Credential{"", std::move(*token), Credential::Kind::IdentityToken, "Entra identity"});
}

}  // namespace entrepot::upstream
