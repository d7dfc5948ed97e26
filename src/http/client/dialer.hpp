// New connections: directly or through a proxy, to those of a name's addresses that the rule allows. The address that
// was checked is the one that is connected to: the name is never resolved a second time. (What a proxy connects to it
// resolves itself; docs/decisions/0011 says what is checked then.)
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "entrepot/http/proxy.hpp"
#include "entrepot/http/url.hpp"
#include "http/client/connection.hpp"
#include "http/client/resolver.hpp"

namespace entrepot::http::client {

// Thread-safe.
class Dialer {
 public:
  // `options` must outlive it. Throws std::runtime_error if a file of its certificates cannot be read.
  Dialer(io::Pool& resolvers, const ClientOptions& options);

  // By `deadline`, and within the connect timeout: the name, TCP, the proxy's tunnel and TLS.
  io::Awaitable<Result<std::unique_ptr<Connection>>> dial(const Url& url, const AddressRule& rule,
                                                          io::Deadline deadline);

  // Of those that were dialed.
  std::size_t open_connections() const { return *open_; }

 private:
  io::Awaitable<Result<std::unique_ptr<Connection>>> dial_directly(const Url& url, const AddressRule& rule,
                                                                   io::Deadline deadline);
  io::Awaitable<Result<std::unique_ptr<Connection>>> dial_through(const Proxy& proxy, const Url& url,
                                                                  const AddressRule& rule, io::Deadline deadline);
  std::unique_ptr<Connection> adopt(Socket socket, std::string peer, AddressKind kind);
  net::ssl::context& tls_for(const Url& url) const;

  Resolver resolver_;
  const ClientOptions& options_;
  const std::shared_ptr<net::ssl::context> tls_;                                        // shared with other dialers
  const std::shared_ptr<net::ssl::context> tls_with_certificate_;                       // null: there is none to show
  const std::shared_ptr<OpenConnections> open_ = std::make_shared<OpenConnections>(0);  // connections may live longer
};

}  // namespace entrepot::http::client
