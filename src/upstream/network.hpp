// The configuration of the way to an upstream, as the HTTP client takes it.
#pragma once

#include <optional>
#include <span>

#include "entrepot/config/config.hpp"
#include "entrepot/http/client.hpp"

namespace entrepot::upstream {

http::Proxies proxies_of(const config::Proxies& config);

// For the hosts of `urls`, the upstream's own: neither a redirect's target nor a realm elsewhere sees it.
std::optional<http::ClientCertificate> certificate_of(const config::Upstream& config, std::span<const http::Url> urls);

}  // namespace entrepot::upstream
