#include "http/client/tls_context.hpp"

#include <map>
#include <mutex>
#include <stdexcept>

#include "http/key_pair.hpp"

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

}  // namespace

std::shared_ptr<net::ssl::context> shared_tls(const std::string& ca_file) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<net::ssl::context>> contexts;
  std::lock_guard lock(mutex);
  std::weak_ptr<net::ssl::context>& slot = contexts[ca_file];
  std::shared_ptr<net::ssl::context> context = slot.lock();
  if (!context) slot = context = make_tls(ca_file);
  return context;
}

std::shared_ptr<net::ssl::context> tls_with_certificate(const std::string& ca_file,
                                                        const ClientCertificate& certificate) {
  std::shared_ptr<net::ssl::context> context = make_tls(ca_file);
  Result<void> usable = use_key_pair(*context, certificate.certificate_file, certificate.key_file, "client");
  if (!usable) throw std::runtime_error(usable.error().message);
  ERR_clear_error();
  return context;
}

}  // namespace entrepot::http::client
