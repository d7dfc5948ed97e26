#include "http/client/dialer.hpp"

#include <algorithm>

#include "http/address.hpp"
#include "http/client/connect_first.hpp"
#include "http/client/tls_context.hpp"
#include "http/client/tunnel.hpp"

namespace entrepot::http::client {

namespace {

Error forbidden(const Url& url, AddressKind kind) {
  return Error{Errc::BadGateway, url.authority() + ": is at " + std::string(name_of(kind)) + ", which is not allowed"};
}

std::shared_ptr<net::ssl::context> make_tls_with_certificate(const ClientOptions& options) {
  if (!options.certificate) return nullptr;
  return tls_with_certificate(options.ca_file, *options.certificate);
}

}  // namespace

Dialer::Dialer(io::Pool& resolvers, const ClientOptions& options)
    : resolver_(resolvers),
      options_(options),
      tls_(shared_tls(options.ca_file)),
      tls_with_certificate_(make_tls_with_certificate(options)) {}

io::Awaitable<Result<std::unique_ptr<Connection>>> Dialer::dial(const Url& url, const AddressRule& rule,
                                                                io::Deadline deadline) {
  deadline = std::min(deadline, io::SteadyClock::now() + options_.timeouts.connect);
  const Proxy* proxy = options_.proxies.proxy_for(url);
  if (proxy != nullptr) co_return co_await dial_through(*proxy, url, rule, deadline);
  co_return co_await dial_directly(url, rule, deadline);
}

io::Awaitable<Result<std::unique_ptr<Connection>>> Dialer::dial_directly(const Url& url, const AddressRule& rule,
                                                                         io::Deadline deadline) {
  auto resolved = co_await resolver_.resolve(url.host, deadline);
  if (!resolved) co_return resolved.error();
  const AddressKind first_kind = kind_of(resolved->front());
  std::erase_if(*resolved, [&rule](const net::ip::address& address) { return !rule.allows(kind_of(address)); });
  if (resolved->empty()) co_return forbidden(url, first_kind);

  // Where TLS fails at one address, those that are left may have another server.
  Addresses left = in_turn(*resolved);
  for (;;) {
    auto connected = co_await connect_first(left, url.port, url.authority(), deadline);
    if (!connected) co_return connected.error();
    auto connection = adopt(std::move(connected->socket), url.authority(), kind_of(connected->address));
    if (url.scheme != "https") co_return connection;
    auto secured = co_await connection->start_tls(tls_for(url), url.host, deadline);
    if (secured) co_return connection;
    if (left.empty() || connection->timed_out()) co_return secured.error();
  }
}

io::Awaitable<Result<std::unique_ptr<Connection>>> Dialer::dial_through(const Proxy& proxy, const Url& url,
                                                                        const AddressRule& rule,
                                                                        io::Deadline deadline) {
  const std::optional<net::ip::address> literal = literal_address(url.host);
  const AddressKind kind = literal ? kind_of(*literal) : AddressKind::Public;
  if (!rule.allows(kind)) co_return forbidden(url, kind);

  const std::string peer = url.authority() + " through the proxy " + proxy.authority();
  auto resolved = co_await resolver_.resolve(proxy.host, deadline);
  if (!resolved) co_return Error{resolved.error().code, peer + ": " + resolved.error().message};
  Addresses left = in_turn(*resolved);
  auto connected = co_await connect_first(left, proxy.port, peer, deadline);
  if (!connected) co_return connected.error();
  auto connection = adopt(std::move(connected->socket), peer, kind);
  if (url.scheme != "https") co_return connection;
  auto tunnel = co_await open_tunnel(*connection, url, proxy, options_.user_agent, deadline);
  if (!tunnel) co_return tunnel.error();
  auto secured = co_await connection->start_tls(tls_for(url), url.host, deadline);
  if (!secured) co_return secured.error();
  co_return connection;
}

std::unique_ptr<Connection> Dialer::adopt(Socket socket, std::string peer, AddressKind kind) {
  auto connection = std::make_unique<Connection>(std::move(socket), std::move(peer), kind);
  connection->count_in(open_);
  return connection;
}

net::ssl::context& Dialer::tls_for(const Url& url) const {
  const bool shows_certificate = tls_with_certificate_ != nullptr && options_.certificate->hosts.contains(url.host);
  return shows_certificate ? *tls_with_certificate_ : *tls_;
}

}  // namespace entrepot::http::client
