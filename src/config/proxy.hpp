// Proxies: an upstream's own, and those that the environment names for all others.
#pragma once

#include <string_view>

#include "config/document.hpp"
#include "config/node.hpp"
#include "entrepot/config/config.hpp"

namespace entrepot::config {

namespace value {

// http://HOST:PORT, http://USER:PASSWORD@HOST:PORT, or either without its scheme; the port is 80 where there is none,
// as Go has it. Errc::Invalid like the parsers of value.hpp. The text may hold a password: it is not for messages.
Result<Proxy> proxy(std::string_view text);

}  // namespace value

// The key `proxy`: one for every URL; null or "none": no proxy, whatever the environment says.
void read_proxy(const Node& node, Proxies& proxies);

// HTTP_PROXY, HTTPS_PROXY and NO_PROXY, or their lower-case forms, for every upstream without a key `proxy`. A value
// that is no proxy is a fault whose key is the variable's name.
void apply_environment_proxies(Config& config, Document& document);

}  // namespace entrepot::config
