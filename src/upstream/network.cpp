#include "upstream/network.hpp"

#include "upstream/credentials.hpp"

namespace entrepot::upstream {

namespace {

std::optional<http::Proxy> proxy_of(const std::optional<config::Proxy>& config) {
  if (!config) return std::nullopt;
  http::Proxy proxy{.host = config->host, .port = config->port};
  if (!config->username.empty()) {
    proxy.authorization = basic_authorization(Credential{config->username, config->password});
  }
  return proxy;
}

}  // namespace

http::Proxies proxies_of(const config::Proxies& config) {
  return {.http = proxy_of(config.http), .https = proxy_of(config.https), .no_proxy = http::NoProxy(config.no_proxy)};
}

}  // namespace entrepot::upstream
