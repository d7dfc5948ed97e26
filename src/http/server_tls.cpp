// Reads files: at start-up only.
#include "http/server_tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace entrepot::http {

namespace ssl = boost::asio::ssl;

Result<std::unique_ptr<ssl::context>> load_tls_context(const TlsFiles& files) {
  auto context = std::make_unique<ssl::context>(ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  ::ERR_clear_error();

  boost::system::error_code failure;
  context->use_certificate_chain_file(files.certificate, failure);
  if (failure) {
    return Error{Errc::Invalid, "cannot use the TLS certificate " + files.certificate + ": " + failure.message()};
  }
  context->use_private_key_file(files.key, ssl::context::pem, failure);
  if (failure) {
    return Error{Errc::Invalid, "cannot use the TLS key " + files.key + " with the certificate " + files.certificate +
                                    ": " + failure.message()};
  }
  return context;
}

}  // namespace entrepot::http
