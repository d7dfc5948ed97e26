#include <algorithm>

#include "entrepot/config/load.hpp"

namespace entrepot::config {

// No listener can ask its clients who they are (listeners[].tls.client_ca is not built), so every upstream's
// credentials work for everyone who reaches a listener.
std::vector<std::string> warnings(const Config& config) {
  std::vector<std::string> lines;
  for (const auto& [name, upstream] : config.upstreams) {
    if (!upstream.credentials && !upstream.client_certificate) continue;
    lines.push_back("upstream " + name + " has " + (upstream.credentials ? "credentials" : "a client certificate") +
                    ", and no listener authenticates its clients: everyone who reaches a listener can "
                    "pull what this account can");
  }
  const bool any_for_all = std::ranges::any_of(config.listeners, [](const Listener& one) { return !one.upstream; });
  if (config.default_upstream.empty() && any_for_all) {
    lines.push_back(
        "upstreams lacks docker.io, and default_upstream names no other: requests that name no upstream are "
        "answered with 404");
  }
  return lines;
}

}  // namespace entrepot::config
