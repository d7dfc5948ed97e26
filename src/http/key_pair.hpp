// A certificate and its key, for either end of a TLS connection.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <string>

#include "entrepot/base/result.hpp"

namespace entrepot::http {

// Puts the chain and the key of two PEM files into `context`. Errc::Invalid, with a message that calls the certificate
// `kind` ("client"): a file cannot be read, the key is encrypted, or the two do not belong together.
Result<void> use_key_pair(boost::asio::ssl::context& context, const std::string& certificate_file,
                          const std::string& key_file, const std::string& kind);

}  // namespace entrepot::http
