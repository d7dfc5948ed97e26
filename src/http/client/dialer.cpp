#include "http/client/dialer.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <stdexcept>

#include "http/address.hpp"
#include "http/client/connect_first.hpp"

namespace entrepot::http::client {

namespace {

// The system's certificates are those that OpenSSL knows: its built-in paths, or SSL_CERT_FILE and SSL_CERT_DIR.
std::shared_ptr<net::ssl::context> make_tls(const std::string& ca_file) {
  auto made = std::make_shared<net::ssl::context>(net::ssl::context::tls_client);
  net::ssl::context& context = *made;
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  context.set_verify_mode(net::ssl::verify_peer);
  boost::system::error_code ec;
  context.set_default_verify_paths(ec);  // a system without certificates trusts only ca_file
  if (!ca_file.empty()) context.load_verify_file(ca_file, ec);
  if (!ca_file.empty() && ec)
    throw std::runtime_error("cannot read certificates from " + ca_file + ": " + ec.message());
  ERR_clear_error();
  return made;
}

// One for all who trust the same: to load the system's certificates takes OpenSSL some 50 ms.
std::shared_ptr<net::ssl::context> tls_for(const std::string& ca_file) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<net::ssl::context>> contexts;
  std::lock_guard lock(mutex);
  std::weak_ptr<net::ssl::context>& slot = contexts[ca_file];
  std::shared_ptr<net::ssl::context> context = slot.lock();
  if (!context) slot = context = make_tls(ca_file);
  return context;
}

Error forbidden(const Url& url, AddressKind kind) {
  return Error{Errc::BadGateway, url.authority() + ": is at " + std::string(name_of(kind)) + ", which is not allowed"};
}

}  // namespace

Dialer::Dialer(io::Pool& resolvers, const std::string& ca_file, io::SteadyClock::duration timeout)
    : resolver_(resolvers), tls_(tls_for(ca_file)), timeout_(timeout) {}

io::Awaitable<Result<std::unique_ptr<Connection>>> Dialer::dial(const Url& url, const AddressRule& rule,
                                                                io::Deadline deadline) {
  deadline = std::min(deadline, io::SteadyClock::now() + timeout_);
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
    auto connection =
        std::make_unique<Connection>(std::move(connected->socket), url.authority(), kind_of(connected->address));
    connection->count_in(open_);
    if (url.scheme != "https") co_return connection;
    auto secured = co_await connection->start_tls(*tls_, url.host, deadline);
    if (secured) co_return connection;
    if (left.empty() || connection->timed_out()) co_return secured.error();
  }
}

}  // namespace entrepot::http::client
