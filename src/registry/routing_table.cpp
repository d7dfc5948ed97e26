#include "registry/routing_table.hpp"

#include <algorithm>

#include "entrepot/base/wildcard.hpp"

namespace entrepot::registry {

namespace {

constexpr std::size_t kLongestHost = 262;  // RFC 1035, with a port

}  // namespace

RoutingTable::RoutingTable(const config::Config& config) : default_(config.default_upstream) {
  for (const auto& [name, upstream] : config.upstreams) {
    rules_.emplace(name, RepositoryRules(upstream));
    if (is_wildcard(name)) {
      has_wildcards_ = true;
      longest_prefix_ = kLongestHost;
      continue;
    }
    namespaces_.emplace(name, name);
    for (const std::string& alias : upstream.aliases) namespaces_.emplace(alias, name);
    for (const std::string& prefix : upstream.prefixes) prefixes_.emplace(prefix, name);
  }
  prefixes_.insert(namespaces_.begin(), namespaces_.end());
  for (const auto& [prefix, name] : prefixes_) longest_prefix_ = std::max(longest_prefix_, prefix.size());
}

std::string_view RoutingTable::by_namespace(std::string_view ns) const { return find_in(namespaces_, ns); }

std::string_view RoutingTable::by_prefix(std::string_view prefix) const { return find_in(prefixes_, prefix); }

std::string_view RoutingTable::find_in(const Names& names, std::string_view name) const {
  const auto found = names.find(name);
  if (found != names.end()) return found->second;
  if (!has_wildcards_ || is_wildcard(name) || find_by_name(rules_, name) == rules_.end()) return {};
  return name;
}

std::optional<RoutingTable::PrefixMatch> RoutingTable::leading_prefix(std::string_view path) const {
  // A slash that ends a prefix stands at `longest_prefix_` or before it.
  for (std::size_t slash = path.rfind('/', longest_prefix_); slash != std::string_view::npos && slash > 0;
       slash = path.rfind('/', slash - 1)) {
    std::string_view upstream = by_prefix(path.substr(0, slash));
    if (!upstream.empty()) return PrefixMatch{upstream, path.substr(slash + 1)};
  }
  return std::nullopt;
}

}  // namespace entrepot::registry
