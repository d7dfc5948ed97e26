#include "upstream/token_request.hpp"

#include <nlohmann/json.hpp>

#include "upstream/error_map.hpp"
#include "upstream/form.hpp"
#include "upstream/link.hpp"

namespace entrepot::upstream {

namespace {

// The request serves all who wait for the token, whose own deadlines differ.
constexpr std::chrono::seconds kTimeLimit{25};

void add_parameter(http::Url& url, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  url.target += url.target.find('?') == std::string::npos ? '?' : '&';
  url.target += std::string(name) + "=" + http::percent_encode(value);
}

// Source: distribution's "OAuth2 token authentication"; RFC 6749, 6.
http::ClientRequest oauth_request(const TokenRequest& request) {
  http::ClientRequest post{.method = "POST", .url = request.realm, .headers = {}};
  post.headers.add("Content-Type", "application/x-www-form-urlencoded");
  add_field(post.body, "grant_type", "refresh_token");
  add_field(post.body, "client_id", "entrepot");
  add_field(post.body, "service", request.service);
  add_field(post.body, "scope", request.scope);
  add_field(post.body, "refresh_token", request.credential->secret);
  return post;
}

// With the user and the secret as Basic, whatever kind of secret it is.
http::ClientRequest plain_request(const TokenRequest& request) {
  http::ClientRequest get{.method = "GET", .url = token_url(request), .headers = {}};
  if (request.credential) get.headers.add("Authorization", basic_authorization(*request.credential));
  return get;
}

// RFC 6749, 5.2: an identity token that has expired or was revoked.
bool is_invalid_grant(std::string_view body) {
  auto answer = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!answer.is_object()) return false;
  auto error = answer.find("error");
  return error != answer.end() && error->is_string() && *error == "invalid_grant";
}

// What one request gave: a token, or the status and the error that it has.
struct Outcome {
  Result<Token> token;
  unsigned status = 0;  // 0: no answer
};

io::Awaitable<Outcome> ask(http::Client& client, const Clock& clock, http::ClientRequest request,
                           const TokenRequest& about, io::Deadline deadline) {
  request.headers.add("Accept", "application/json");
  request.addresses = about.addresses;
  request.deadline = deadline;
  const std::string where = about.realm.authority() + std::string(path_of(about.realm));
  const bool is_oauth = request.method == "POST";
  Result<std::unique_ptr<http::Exchange>> sent = co_await client.send(std::move(request));
  if (!sent) co_return Outcome{sent.error()};
  http::Exchange& exchange = **sent;
  const unsigned status = exchange.status();
  if (status != 200) {
    Result<std::string> body = co_await exchange.read_all(kMaxErrorBody);
    ErrorAnswer answer{.answerer = Answerer::TokenEndpoint,
                       .status = status,
                       .retry_after = exchange.header("Retry-After"),
                       .content_type = exchange.header("Content-Type"),
                       .body = body ? std::string_view(*body) : std::string_view(),
                       .where = where};
    if (is_oauth && status == 400 && is_invalid_grant(answer.body)) answer.status = 401;
    Error error = error_from(answer, clock.now());
    if (about.credential) error.message = without_secret(std::move(error.message), *about.credential);
    co_return Outcome{std::move(error), status};
  }
  Result<std::string> body = co_await exchange.read_all(kMaxTokenBody);
  if (!body) co_return Outcome{body.error(), status};
  co_return Outcome{parse_token(*body), status};
}

}  // namespace

http::Url token_url(const TokenRequest& request) {
  http::Url url = request.realm;
  if (request.credential) add_parameter(url, "account", request.credential->username);
  add_parameter(url, "service", request.service);
  add_parameter(url, "scope", request.scope);
  return url;
}

io::Awaitable<Result<Token>> fetch_token(http::Client& client, const Clock& clock, TokenRequest request) {
  const io::Deadline deadline = io::SteadyClock::now() + kTimeLimit;
  if (request.credential && request.credential->kind == Credential::Kind::IdentityToken) {
    http::ClientRequest post = oauth_request(request);
    Outcome outcome = co_await ask(client, clock, std::move(post), request, deadline);
    // Such endpoints know GET alone, for which the token stands in the password's place (Google's, with 404).
    const bool knows_no_post = outcome.status == 404 || outcome.status == 405;
    if (!knows_no_post) co_return std::move(outcome.token);
  }
  http::ClientRequest get = plain_request(request);
  Outcome outcome = co_await ask(client, clock, std::move(get), request, deadline);
  co_return std::move(outcome.token);
}

}  // namespace entrepot::upstream
