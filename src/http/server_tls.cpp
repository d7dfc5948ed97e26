#include "http/server_tls.hpp"

#include <openssl/ssl.h>

#include "http/key_pair.hpp"

namespace entrepot::http {

namespace ssl = boost::asio::ssl;

Result<void> ServerTls::load() {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  Result<void> usable = use_key_pair(*context, files_.certificate, files_.key, "TLS");
  if (!usable) return usable;
  std::lock_guard lock(mutex_);
  context_ = std::move(context);
  return ok();
}

std::shared_ptr<ssl::context> ServerTls::context() const {
  std::lock_guard lock(mutex_);
  return context_;
}

}  // namespace entrepot::http
