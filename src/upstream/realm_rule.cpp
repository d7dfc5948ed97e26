#include "upstream/realm_rule.hpp"

#include <algorithm>

#include "entrepot/base/text.hpp"

namespace entrepot::upstream {

namespace {

// "registry.example:5000" -> "registry.example". A name that is no host matches no realm.
std::string host_of(std::string_view name) {
  auto url = http::Url::parse("https://" + std::string(name));
  return url ? url->host : std::string();
}

bool equals_or_lies_under(std::string_view host, std::string_view domain) {
  if (domain.empty()) return false;
  if (host == domain) return true;
  return host.size() > domain.size() && host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.';
}

}  // namespace

RealmTrust trust_in(const http::Url& realm, const http::Url& registry, std::string_view upstream_name,
                    std::span<const std::string> listed) {
  if (registry.scheme == "https" && realm.scheme != "https") return RealmTrust::Refused;
  bool is_listed = std::any_of(listed.begin(), listed.end(),
                               [&](const std::string& host) { return equal_ignoring_case(host, realm.host); });
  bool ours = is_listed || realm.host == registry.host || equals_or_lies_under(realm.host, host_of(upstream_name));
  return ours ? RealmTrust::Credentials : RealmTrust::Anonymous;
}

}  // namespace entrepot::upstream
