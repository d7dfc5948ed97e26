// The section `upstreams`.

#include <algorithm>

#include "config/built_in.hpp"
#include "config/proxy.hpp"
#include "config/sections.hpp"
#include "config/value.hpp"
#include "entrepot/base/wildcard.hpp"
#include "entrepot/config/ecr_host.hpp"
#include "entrepot/config/find_upstream.hpp"

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

void read_urls(const Node& node, Upstream& upstream) {
  std::vector<std::string>& urls = upstream.urls;
  const bool many = is_wildcard(upstream.name);
  const auto parse = [&](std::string_view text) {
    return many ? value::url_under(upstream.name, text) : value::url(text);
  };
  const auto items = node.one_or_more();
  if (!items) return;
  if (items->empty()) node.fault("expected at least one URL");
  urls.clear();
  for (const Node& item : *items) urls.push_back(item.value(parse).value_or(""));
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

// Whether what is sent there can be read on its way.
bool is_clear_text(const std::string& url) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) return false;
  std::string_view host = std::string_view(url).substr(kScheme.size());
  host = host.substr(0, host.find('/'));
  if (!host.ends_with(']')) host = host.substr(0, host.rfind(':'));
  const bool is_v4_loopback =
      host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
  return !is_v4_loopback && host != "[::1]" && host != "localhost";
}

// Of `credentials` only what says where clients' own may go.
void read_client_realms(const Node& node, std::vector<std::string>& realms) {
  node.entries([&](const std::string& key, const Node& entry) {
    if (key == "realms") return list_into(realms, value::host)(entry);
    entry.fault("has no meaning with access: passthrough, where each client's own account counts; only realms has");
  });
}

// `access`, and what else depends on it.
void read_access(const Node& node, bool passthrough, Duration ttl, const std::optional<Node>& credentials,
                 Upstream& upstream) {
  if (!passthrough) {
    if (node.gives("access_ttl")) node.fault_of("access_ttl", "belongs to access: passthrough");
    if (credentials) upstream.credentials = read_credentials(*credentials);
    return;
  }
  upstream.passthrough.emplace().ttl = ttl;
  if (credentials) read_client_realms(*credentials, upstream.passthrough->realms);
  if (upstream.freshness.on_denied == Freshness::OnDenied::Keep) {
    node.fault_of("access", "passthrough serves nothing past a refusal: it cannot go with freshness.on_denied: keep");
  }
  if (upstream.client_certificate) {
    node.fault_of("access",
                  "passthrough asks with each client's own account: a client_certificate would be everybody's");
  }
  if (std::ranges::any_of(upstream.urls, is_clear_text)) {
    node.fault_of("access",
                  "passthrough sends clients' passwords: url has to begin with https://, or be at a loopback address");
  }
}

// The URLs share one password, which only the registries of one region take.
void check_regions_of_urls(const Node& node, const std::vector<std::string>& urls) {
  std::optional<EcrHost> first;
  for (const std::string& url : urls) {
    const auto host = ecr_host_of_url(url);
    if (!host) continue;
    if (!first) first = host;
    if (host->region == first->region && host->is_public == first->is_public) continue;
    node.fault_of("url",
                  "has ECR registries of several regions, or the public one besides others: with type: ecr they "
                  "have one password, which is good in its own region alone");
    return;
  }
}

// The region decides which API is asked for the account.
void check_region(const Node& node, const Upstream& upstream) {
  if (!upstream.credentials) return;
  const auto* ecr = std::get_if<EcrCredentials>(&upstream.credentials->account);
  if (ecr == nullptr) return;
  std::string name = upstream.name;
  while (is_wildcard(name)) name.replace(name.find('*'), 1, "000000000000");
  if (!match_wildcard(upstream.name, name)) return;  // it has a fault of its own
  const Upstream under = upstream_under(upstream, name);
  check_regions_of_urls(node, under.urls);
  const auto host = ecr_host_of(under);
  if (host && host->is_public && !ecr->region.empty() && ecr->region != host->region) {
    node.fault_of("credentials.region", "has no effect: the public registry's API is in " + host->region + " alone");
  }
  if (host || !ecr->region.empty()) return;
  node.fault_of("credentials.region",
                "is missing: neither a host in url nor the upstream's name is that of an ECR registry, "
                "ACCOUNT.dkr.ecr.REGION.amazonaws.com");
}

// Entra's token, which is good for every registry of the identity, is sent to the registry itself.
void check_acr(const Node& node, const Upstream& upstream) {
  if (!upstream.credentials || !std::holds_alternative<AcrCredentials>(upstream.credentials->account)) return;
  if (upstream.urls.size() > 1) {
    node.fault_of("credentials", "type: acr is an account at one registry, and this upstream has several URLs");
  }
  if (std::ranges::any_of(upstream.urls, is_clear_text)) {
    node.fault_of("url",
                  "begins with http://, and type: acr sends the registry a token that whoever listens could use");
  }
  if (!is_wildcard(upstream.name)) return;
  const auto is_domain_of_name = [&](const char* domain) { return upstream.name.ends_with(domain); };
  const auto domains = {".azurecr.io", ".azurecr.cn", ".azurecr.us"};
  if (std::ranges::none_of(domains, is_domain_of_name) || node.gives("url")) {
    node.fault_of("credentials",
                  "type: acr under a wildcard is for Azure's own hosts alone (such as *.azurecr.io, without url): the "
                  "identity's token would go to whatever host a client names");
  }
}

void read_upstream(const Node& node, Upstream& upstream) {
  const value::OneOf<bool> prefetch{{"none", false}, {"layers", true}};
  const value::OneOf<bool> access{{"shared", false}, {"passthrough", true}};
  bool passthrough = false;
  Duration access_ttl = Passthrough().ttl;
  std::optional<Node> credentials;  // read last: what it may hold depends on `access`
  node.map({
      {"url", [&](const Node& url) { read_urls(url, upstream); }},
      {"aliases", list_into(upstream.aliases, value::upstream_name)},
      {"prefixes", list_into(upstream.prefixes, value::prefix)},
      {"rewrite", [&](const Node& rewrite) { read_rewrite(rewrite, upstream.rewrite); }},
      {"allow", list_into(upstream.allow, value::repository_pattern)},
      {"deny", list_into(upstream.deny, value::repository_pattern)},
      {"credentials", [&](const Node& section) { credentials.emplace(section); }},
      {"access", into(passthrough, access)},
      {"access_ttl", into(access_ttl, value::positive_duration)},
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
  for (const char* key : {"aliases", "prefixes"}) {
    if (is_wildcard(upstream.name) && node.gives(key)) node.fault_of(key, "would stand for many: this is a wildcard");
  }
  read_access(node, passthrough, access_ttl, credentials, upstream);
  check_region(node, upstream);
  const auto is_plain = [](const std::string& url) { return url.starts_with("http://"); };
  if (upstream.client_certificate && std::ranges::all_of(upstream.urls, is_plain)) {
    node.fault_of("client_certificate", "would never be shown: no URL of this upstream begins with https://");
  }
  check_acr(node, upstream);
}

}  // namespace

Upstreams read_upstreams(const Node& node, const Upstream& general) {
  Upstreams upstreams;
  node.entries([&](const std::string& name, const Node& entry) {
    const auto valid = value::upstream_or_wildcard(name);
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
