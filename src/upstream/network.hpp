// The configuration of the way to an upstream, as the HTTP client takes it.
#pragma once

#include "entrepot/config/config.hpp"
#include "entrepot/http/client.hpp"

namespace entrepot::upstream {

http::Proxies proxies_of(const config::Proxies& config);

}  // namespace entrepot::upstream
