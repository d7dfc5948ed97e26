#include <algorithm>

#include "entrepot/config/find_upstream.hpp"
#include "entrepot/config/load.hpp"

namespace entrepot::config {

// Whether somebody can pull from it without saying who they are.
static bool is_open(const Config& config, const Upstream& upstream) {
  return std::ranges::any_of(config.listeners, [&](const Listener& listener) {
    const bool serves = !listener.upstream || find_upstream(config.upstreams, *listener.upstream) == &upstream;
    return serves && !listener.authenticates();
  });
}

std::vector<std::string> warnings(const Config& config) {
  std::vector<std::string> lines;
  for (const auto& [name, upstream] : config.upstreams) {
    if ((!upstream.credentials && !upstream.client_certificate) || !is_open(config, upstream)) continue;
    lines.push_back("upstream " + name + " has " + (upstream.credentials ? "credentials" : "a client certificate") +
                    ", and a listener does not ask its clients who they are (tls.client_ca): everyone who reaches it "
                    "can pull what this account can");
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
