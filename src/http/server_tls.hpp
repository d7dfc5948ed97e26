// What a TLS listener presents to its clients.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "entrepot/base/result.hpp"
#include "entrepot/http/server.hpp"

namespace entrepot::http {

// TLS 1.2 and later. Errc::Invalid with the name of the file that cannot be read or does not fit.
Result<std::unique_ptr<boost::asio::ssl::context>> load_tls_context(const TlsFiles& files);

}  // namespace entrepot::http
