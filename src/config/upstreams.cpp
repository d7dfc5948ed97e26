// The section `upstreams`.
#include <algorithm>

#include "config/built_in.hpp"
#include "config/proxy.hpp"
#include "config/sections.hpp"
#include "config/value.hpp"

namespace entrepot::config {
namespace {

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

void read_rewrite(const Node& node, std::vector<Rewrite>& rules) {
  const auto items = node.items();
  if (!items) return;
  rules.clear();
  for (const Node& item : *items) {
    Rewrite& rule = rules.emplace_back();
    item.map({{"from", into(rule.from, value::regex)}, {"to", into(rule.to, value::text)}});
    item.require({"from", "to"});
  }
}

void read_upstream(const Node& node, Upstream& upstream) {
  const value::OneOf<bool> prefetch{{"none", false}, {"layers", true}};
  node.map({
      {"url", [&](const Node& url) { read_urls(url, upstream.urls); }},
      {"aliases", list_into(upstream.aliases, value::upstream_name)},
      {"prefixes", list_into(upstream.prefixes, value::prefix)},
      {"rewrite", [&](const Node& rewrite) { read_rewrite(rewrite, upstream.rewrite); }},
      {"allow", list_into(upstream.allow, value::repository_pattern)},
      {"deny", list_into(upstream.deny, value::repository_pattern)},
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
  const bool is_acr = upstream.credentials && std::holds_alternative<AcrCredentials>(upstream.credentials->account);
  if (is_acr && upstream.urls.size() > 1) {
    node.fault_of("credentials", "type: acr is an account at one registry, and this upstream has several URLs");
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
