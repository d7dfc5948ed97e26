#include "http/server_tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace entrepot::http {

namespace ssl = boost::asio::ssl;

Result<void> ServerTls::load() {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  ::ERR_clear_error();

  boost::system::error_code failure;
  context->use_certificate_chain_file(files_.certificate, failure);
  if (failure) {
    return Error{Errc::Invalid, "cannot use the TLS certificate " + files_.certificate + ": " + failure.message()};
  }
  context->use_private_key_file(files_.key, ssl::context::pem, failure);
  if (failure) {
    return Error{Errc::Invalid, "cannot use the TLS key " + files_.key + " with the certificate " + files_.certificate +
                                    ": " + failure.message()};
  }
  std::lock_guard lock(mutex_);
  context_ = std::move(context);
  return ok();
}

std::shared_ptr<ssl::context> ServerTls::context() const {
  std::lock_guard lock(mutex_);
  return context_;
}

}  // namespace entrepot::http
