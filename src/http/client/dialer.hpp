// New connections: the name's addresses, those that the rule allows, TCP and TLS. The address that was checked is the
// one that is connected to: the name is never resolved a second time.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "entrepot/http/url.hpp"
#include "http/client/connection.hpp"
#include "http/client/resolver.hpp"

namespace entrepot::http::client {

// Thread-safe.
class Dialer {
 public:
  // Throws std::runtime_error if `ca_file` (or "") cannot be read. `timeout` is for the name, TCP and TLS together.
  Dialer(io::Pool& resolvers, const std::string& ca_file, io::SteadyClock::duration timeout);

  // By `deadline`, and within the timeout.
  io::Awaitable<Result<std::unique_ptr<Connection>>> dial(const Url& url, const AddressRule& rule,
                                                          io::Deadline deadline);

  // Of those that were dialed.
  std::size_t open_connections() const { return *open_; }

 private:
  Resolver resolver_;
  const std::shared_ptr<net::ssl::context> tls_;  // shared with other dialers
  const io::SteadyClock::duration timeout_;
  const std::shared_ptr<OpenConnections> open_ = std::make_shared<OpenConnections>(0);  // connections may live longer
};

}  // namespace entrepot::http::client
