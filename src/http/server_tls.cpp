#include "http/server_tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "http/key_pair.hpp"

namespace entrepot::http {

namespace ssl = boost::asio::ssl;

namespace {

// Lets the handshake fail for who shows no certificate of these authorities, or one that is not meant for clients.
Result<void> ask_clients(ssl::context& context, const std::string& ca_file) {
  boost::system::error_code failure;
  context.load_verify_file(ca_file, failure);
  STACK_OF(X509_NAME)* names = failure ? nullptr : SSL_load_client_CA_file(ca_file.c_str());
  ::ERR_clear_error();
  if (names == nullptr) {
    return Error{Errc::Invalid, "cannot read certificates from " + ca_file +
                                    (failure ? ": " + failure.message() : std::string(": it holds none"))};
  }
  SSL_CTX* const native = context.native_handle();
  SSL_CTX_set_client_CA_list(native, names);  // takes them over; by them a client chooses among its certificates
  context.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  // Without one a client that is asked for its certificate cannot resume a session (SSL_CTX_set_session_id_context(3)).
  constexpr unsigned char kSessions[] = "entrepot";
  SSL_CTX_set_session_id_context(native, kSessions, sizeof kSessions - 1);
  return ok();
}

}  // namespace

Result<void> ServerTls::load() {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  Result<void> usable = use_key_pair(*context, files_.certificate, files_.key, "TLS");
  if (!usable) return usable;
  if (!files_.client_ca.empty()) {
    Result<void> asked = ask_clients(*context, files_.client_ca);
    if (!asked) return asked;
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
