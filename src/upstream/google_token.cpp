#include "upstream/google_token.hpp"

#include <nlohmann/json.hpp>

#include "entrepot/http/message.hpp"
#include "upstream/json_text.hpp"
#include "upstream/secret_file.hpp"
#include "upstream/token_call.hpp"

namespace entrepot::upstream {

namespace {

// Enough for pulls, and for nothing that writes. Source: Artifact Registry's documentation, "Deploying to Compute
// Engine", Required permissions; it is what nodes of GKE have by default.
constexpr char kPullScope[] = "https://www.googleapis.com/auth/devstorage.read_only";

// What it takes to get another account's token; its own roles are what limits it.
constexpr char kAllScope[] = "https://www.googleapis.com/auth/cloud-platform";

constexpr std::chrono::seconds kAssertionLife{3600};  // the longest that is allowed
constexpr std::chrono::seconds kSkew{10};             // our clock may be ahead of Google's
constexpr std::chrono::minutes kUnsaidLife{5};        // of a token whose answer does not say it

using Token = Lease<std::string>;

io::Awaitable<Result<Token>> lease(WebClient& web, TokenCall call) {
  Result<GivenToken> given = co_await call_for_token(web, std::move(call));
  if (!given) co_return given.error();
  co_return Token{std::move(given->token), given->life.value_or(kUnsaidLife)};
}

// Source: developers.google.com/identity/protocols/oauth2/service-account, "HTTP/REST".
Result<std::string> assertion_of(const GoogleServiceAccount& account, Time now) {
  const auto seconds = [](Time time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  };
  nlohmann::json header{{"alg", "RS256"}, {"typ", "JWT"}};
  if (!account.key_id.empty()) header["kid"] = account.key_id;
  const nlohmann::json claims{{"iss", account.email},
                              {"scope", kPullScope},
                              {"aud", account.token_uri.to_string()},
                              {"iat", seconds(now - kSkew)},
                              {"exp", seconds(now - kSkew + kAssertionLife)}};
  constexpr auto kReplace = nlohmann::json::error_handler_t::replace;
  return account.key.sign(header.dump(-1, ' ', false, kReplace), claims.dump(-1, ' ', false, kReplace));
}

io::Awaitable<Result<Token>> token_by(GoogleServiceAccount account, WebClient& web, const Context& context,
                                      io::Deadline deadline) {
  Result<std::string> assertion = assertion_of(account, context.clock.now());
  if (!assertion) co_return Error{Errc::BadGateway, "the private_key of " + account.email + " cannot sign"};
  TokenCall call{.request = form_post(account.token_uri, {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                                                          {"assertion", *assertion}}),
                 .service = "Google's token endpoint",
                 .secrets = {*assertion}};
  call.request.deadline = deadline;
  co_return co_await lease(web, std::move(call));
}

// RFC 6749, 6.
io::Awaitable<Result<Token>> token_by(GoogleUser user, WebClient& web, const Context&, io::Deadline deadline) {
  TokenCall call{.request = form_post(user.token_uri, {{"grant_type", "refresh_token"},
                                                       {"client_id", user.client_id},
                                                       {"client_secret", user.client_secret},
                                                       {"refresh_token", user.refresh_token}}),
                 .service = "Google's token endpoint",
                 .secrets = {user.client_secret, user.refresh_token}};
  call.request.deadline = deadline;
  co_return co_await lease(web, std::move(call));
}

Result<std::string> subject_token_in(std::string text, const GoogleFederation& federation) {
  if (federation.subject_field.empty()) return text;
  const auto object = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (object.is_object()) text = text_in(object, federation.subject_field);
  if (object.is_object() && !text.empty()) return text;
  return Error{Errc::BadGateway,
               federation.subject_file.string() + " has no text in its field " + federation.subject_field};
}

// The other account's. Source: IAM Service Account Credentials API, projects.serviceAccounts.generateAccessToken.
io::Awaitable<Result<Token>> impersonated(GoogleFederation federation, std::string federated, WebClient& web,
                                          io::Deadline deadline) {
  http::ClientRequest post{.method = "POST", .url = *federation.impersonation_url, .headers = {}};
  post.headers.add("Authorization", "Bearer " + federated);
  post.headers.add("Content-Type", "application/json");
  post.body =
      nlohmann::json{{"scope", {kPullScope}}, {"lifetime", std::to_string(federation.impersonation_life.count()) + "s"}}
          .dump();
  post.deadline = deadline;
  TokenCall call{
      .request = std::move(post), .service = "Google's IAM", .field = "accessToken", .secrets = {std::move(federated)}};
  Result<GivenToken> given = co_await call_for_token(web, std::move(call));
  if (!given) co_return given.error();
  co_return Token{std::move(given->token), federation.impersonation_life};
}

// Source: AIP-4117; RFC 8693, 2.1.
io::Awaitable<Result<Token>> token_by(GoogleFederation federation, WebClient& web, const Context& context,
                                      io::Deadline deadline) {
  Result<std::string> text = co_await read_secret_file(context.credentials, federation.subject_file);
  if (!text) co_return text.error();
  Result<std::string> subject = subject_token_in(std::move(*text), federation);
  if (!subject) co_return subject.error();
  const bool impersonates = federation.impersonation_url.has_value();
  TokenCall call{.request = form_post(federation.token_url,
                                      {{"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
                                       {"requested_token_type", "urn:ietf:params:oauth:token-type:access_token"},
                                       {"audience", federation.audience},
                                       {"scope", kAllScope},
                                       {"subject_token", *subject},
                                       {"subject_token_type", federation.subject_token_type}}),
                 .service = "Google's token exchange",
                 .secrets = {*subject}};
  call.request.deadline = deadline;
  Result<Token> token = co_await lease(web, std::move(call));
  if (!token || !impersonates) co_return token;
  co_return co_await impersonated(std::move(federation), std::move(token->value), web, deadline);
}

}  // namespace

io::Awaitable<Result<Token>> google_token(GoogleKey key, WebClient& web, const Context& context,
                                          io::Deadline deadline) {
  return std::visit([&](auto& account) { return token_by(std::move(account), web, context, deadline); }, key);
}

// Source: cloud.google.com/compute/docs/metadata, "Query metadata"; GKE's Workload Identity answers in the same way.
io::Awaitable<Result<Token>> google_metadata_token(std::string host, std::string account, WebClient& web,
                                                   io::Deadline deadline) {
  Result<http::Url> url =
      http::Url::parse("http://" + host + "/computeMetadata/v1/instance/service-accounts/" + account + "/token");
  if (!url) co_return Error{Errc::BadGateway, "the metadata service has no usable address"};
  http::ClientRequest get{.method = "GET", .url = std::move(*url), .headers = {}};
  get.headers.add("Metadata-Flavor", "Google");
  get.deadline = deadline;
  TokenCall call{.request = std::move(get), .service = "Google's metadata service", .local = true};
  co_return co_await lease(web, std::move(call));
}

}  // namespace entrepot::upstream
