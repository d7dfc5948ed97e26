#include "upstream/token_request.hpp"

#include "upstream/error_map.hpp"
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

}  // namespace

http::Url token_url(const TokenRequest& request) {
  http::Url url = request.realm;
  if (request.credential) add_parameter(url, "account", request.credential->username);
  add_parameter(url, "service", request.service);
  add_parameter(url, "scope", request.scope);
  return url;
}

io::Awaitable<Result<Token>> fetch_token(http::Client& client, const Clock& clock, TokenRequest request) {
  http::ClientRequest get{.method = "GET", .url = token_url(request), .headers = {}};
  get.headers.add("Accept", "application/json");
  if (request.credential) get.headers.add("Authorization", basic_authorization(*request.credential));
  get.addresses = request.addresses;
  get.deadline = io::SteadyClock::now() + kTimeLimit;

  const std::string where = request.realm.authority() + std::string(path_of(request.realm));
  Result<std::unique_ptr<http::Exchange>> sent = co_await client.send(std::move(get));
  if (!sent) co_return sent.error();
  http::Exchange& exchange = **sent;
  if (exchange.status() != 200) {
    Result<std::string> body = co_await exchange.read_all(kMaxErrorBody);
    ErrorAnswer answer{.answerer = Answerer::TokenEndpoint,
                       .status = exchange.status(),
                       .retry_after = exchange.header("Retry-After"),
                       .content_type = exchange.header("Content-Type"),
                       .body = body ? std::string_view(*body) : std::string_view(),
                       .where = where};
    co_return error_from(answer, clock.now());
  }
  Result<std::string> body = co_await exchange.read_all(kMaxTokenBody);
  if (!body) co_return body.error();
  co_return parse_token(*body);
}

}  // namespace entrepot::upstream
