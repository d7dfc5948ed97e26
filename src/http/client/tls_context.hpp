// Whom the client's TLS trusts, and what it shows of itself.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "entrepot/http/client.hpp"

namespace entrepot::http::client {

namespace net = io::net;

// TLS 1.2 and later; trusts the system's certificates and those in `ca_file` (PEM, or ""). Shared by all who ask for
// the same: to load the system's certificates takes OpenSSL some 50 ms. Throws std::runtime_error if `ca_file` cannot
// be read. Thread-safe.
std::shared_ptr<net::ssl::context> shared_tls(const std::string& ca_file);

// Likewise, and shows a certificate to servers that ask for one. Throws std::runtime_error with the name of the file
// that cannot be read, or does not fit the other.
std::shared_ptr<net::ssl::context> tls_with_certificate(const std::string& ca_file,
                                                        const ClientCertificate& certificate);

}  // namespace entrepot::http::client
