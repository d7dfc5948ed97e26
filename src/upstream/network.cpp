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

std::optional<http::ClientCertificate> certificate_of(const config::Upstream& config, std::span<const http::Url> urls) {
  if (!config.client_certificate) return std::nullopt;
  http::ClientCertificate certificate{.certificate_file = config.client_certificate->certificate.string(),
                                      .key_file = config.client_certificate->key.string(),
                                      .hosts = {}};
  for (const http::Url& url : urls) certificate.hosts.insert(url.host);
  return certificate;
}

}  // namespace entrepot::upstream
