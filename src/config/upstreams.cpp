// The section `upstreams`.
#include <algorithm>

#include "config/built_in.hpp"
#include "config/proxy.hpp"
#include "config/sections.hpp"
#include "config/value.hpp"

namespace entrepot::config {
namespace {

BasicCredentials read_credentials(const Node& node) {
  BasicCredentials credentials;
  // value::text refuses only what is empty, so that no message shows a secret.
  node.map({
      {"username", into(credentials.username, value::text)},
      {"password", into(credentials.password, value::text)},
      {"password_file", into(credentials.password_file, value::path)},
      {"realms", list_into(credentials.realms, value::host)},
  });
  node.require({"username"});
  if (node.gives("password") && node.gives("password_file")) {
    node.fault("expected either password or password_file, not both");
  } else if (!node.gives("password") && !node.gives("password_file")) {
    node.fault("expected a password or a password_file");
  }
  // RFC 7617, section 2: the first colon ends the user name.
  if (credentials.username.find(':') != std::string::npos) {
    node.fault_of("username", "a user name cannot hold a colon");
  }
  return credentials;
}

ClientCertificate read_client_certificate(const Node& node) {
  ClientCertificate certificate;
  node.map({
      {"certificate", into(certificate.certificate, value::path)},
      {"key", into(certificate.key, value::path)},
  });
  node.require({"certificate", "key"});
  return certificate;
}

void read_urls(const Node& node, std::vector<std::string>& urls) {
  const auto items = node.one_or_more();
  if (!items) return;
  if (items->empty()) node.fault("expected at least one URL");
  urls.clear();
  for (const Node& item : *items) urls.push_back(item.value(value::url).value_or(""));
}

void read_upstream(const Node& node, Upstream& upstream) {
  const value::OneOf<bool> prefetch{{"none", false}, {"layers", true}};
  node.map({
      {"url", [&](const Node& url) { read_urls(url, upstream.urls); }},
      {"aliases", list_into(upstream.aliases, value::upstream_name)},
      {"prefixes", list_into(upstream.prefixes, value::prefix)},
      {"credentials", [&](const Node& credentials) { upstream.credentials = read_credentials(credentials); }},
      {"ca", into(upstream.ca, value::path)},
      {"client_certificate", [&](const Node& files) { upstream.client_certificate = read_client_certificate(files); }},
      {"proxy", [&](const Node& proxy) { read_proxy(proxy, upstream.proxies); }},
      {"connections_per_blob", into(upstream.fetching.connections_per_blob, value::connections)},
      {"parallel_min_size", into(upstream.fetching.parallel_min_size, value::size)},
      {"max_connections", into(upstream.fetching.max_connections, value::connections)},
      {"prefetch", into(upstream.fetching.prefetch_layers, prefetch)},
      {"eviction", [&](const Node& eviction) { read_eviction(eviction, upstream.eviction); }},
      {"freshness", [&](const Node& freshness) { read_freshness(freshness, upstream.freshness); }},
      {"timeouts", [&](const Node& timeouts) { read_timeouts(timeouts, upstream.timeouts); }},
  });
  const auto is_plain = [](const std::string& url) { return url.starts_with("http://"); };
  if (upstream.client_certificate && std::ranges::all_of(upstream.urls, is_plain)) {
    node.fault_of("client_certificate", "would never be shown: no URL of this upstream begins with https://");
  }
}

}  // namespace

std::map<std::string, Upstream> read_upstreams(const Node& node, const Upstream& general) {
  std::map<std::string, Upstream> upstreams;
  node.entries([&](const std::string& name, const Node& entry) {
    const auto valid = value::upstream_name(name);
    if (!valid) entry.fault(valid.error().message);
    Upstream upstream = default_upstream(name);
    upstream.eviction = general.eviction;
    upstream.freshness = general.freshness;
    upstream.timeouts = general.timeouts;
    read_upstream(entry, upstream);
    if (valid) upstreams.emplace(name, std::move(upstream));
  });
  return upstreams;
}

}  // namespace entrepot::config
