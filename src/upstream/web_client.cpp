#include "upstream/web_client.hpp"

#include "upstream/network.hpp"

namespace entrepot::upstream {

namespace {

constexpr std::size_t kLongestAnswer = 256 * 1024;

http::ClientOptions options_of(const config::Upstream& upstream) {
  http::ClientOptions options;
  if (upstream.ca) options.ca_file = upstream.ca->string();
  options.proxies = proxies_of(upstream.proxies);
  return options;
}

http::ClientOptions local_options() {
  http::ClientOptions options;
  options.timeouts.connect = std::chrono::seconds(1);
  options.timeouts.first_byte = std::chrono::seconds(5);
  return options;
}

io::Awaitable<Result<WebAnswer>> send_with(http::Client& client, http::ClientRequest request) {
  Result<std::unique_ptr<http::Exchange>> sent = co_await client.send(std::move(request));
  if (!sent) co_return sent.error();
  Result<std::string> body = co_await (*sent)->read_all(kLongestAnswer);
  if (!body) co_return body.error();
  co_return WebAnswer{(*sent)->status(), std::move(*body)};
}

}  // namespace

WebClient::WebClient(const config::Upstream& upstream, const Context& context)
    : client_(context.threads, context.resolvers, options_of(upstream)),
      local_(context.threads, context.resolvers, local_options()) {}

io::Awaitable<Result<WebAnswer>> WebClient::send(http::ClientRequest request) {
  request.addresses = {.any = true};
  co_return co_await send_with(client_, std::move(request));
}

io::Awaitable<Result<WebAnswer>> WebClient::send_locally(http::ClientRequest request) {
  request.addresses = {.any = true, .metadata = true};
  co_return co_await send_with(local_, std::move(request));
}

}  // namespace entrepot::upstream
