#include "http/key_pair.hpp"

#include <openssl/err.h>

namespace entrepot::http {

namespace {

namespace ssl = boost::asio::ssl;

// Where a key is encrypted OpenSSL would ask the terminal, and wait.
std::string no_password(std::size_t, ssl::context::password_purpose) { return {}; }

}  // namespace

Result<void> use_key_pair(ssl::context& context, const std::string& certificate_file, const std::string& key_file,
                          const std::string& kind) {
  const std::string certificate = "the " + kind + " certificate " + certificate_file;
  context.set_password_callback(no_password);
  ::ERR_clear_error();  // what others have left behind would be taken for ours

  boost::system::error_code failure;
  context.use_certificate_chain_file(certificate_file, failure);
  if (failure) return Error{Errc::Invalid, "cannot use " + certificate + ": " + failure.message()};
  context.use_private_key_file(key_file, ssl::context::pem, failure);
  if (failure) {
    return Error{Errc::Invalid, "cannot use the key " + key_file + " with " + certificate + ": " + failure.message()};
  }
  return ok();
}

}  // namespace entrepot::http
