// The names under which clients know the configured upstreams. Constant after construction, thus thread-safe.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "entrepot/base/wildcard.hpp"
#include "entrepot/config/config.hpp"
#include "registry/repository_rules.hpp"

namespace entrepot::registry {

class RoutingTable {
 public:
  // Of a checked configuration: names, aliases and prefixes do not collide, none has a component "v2", and the default
  // is one of the upstreams, or "".
  explicit RoutingTable(const config::Config& config);

  // The upstream whose name or alias `ns` is; "" if there is none. A name that a wildcard stands for is the upstream's
  // own: what is returned is `ns` then.
  std::string_view by_namespace(std::string_view ns) const;

  // The upstream whose name, alias or prefix `prefix` is; "" if there is none. Likewise.
  std::string_view by_prefix(std::string_view prefix) const;

  struct PrefixMatch {
    std::string_view upstream;
    std::string_view rest;  // what follows the prefix and its slash
  };

  // The longest prefix at the start of `path`, in whole components. Something must follow it: an image that happens to
  // be called like a prefix can be pulled too.
  std::optional<PrefixMatch> leading_prefix(std::string_view path) const;

  std::string_view default_upstream() const { return default_; }  // "": none

  // `upstream` is one of them.
  const RepositoryRules& rules_of(std::string_view upstream) const { return find_by_name(rules_, upstream)->second; }

 private:
  using Names = std::map<std::string, std::string, std::less<>>;  // to the upstream's name

  std::string_view find_in(const Names& names, std::string_view name) const;

  Names namespaces_;
  Names prefixes_;                  // namespaces_ too
  std::size_t longest_prefix_ = 0;  // in characters
  std::string default_;
  std::map<std::string, RepositoryRules, std::less<>> rules_;  // by upstream, or wildcard
  bool has_wildcards_ = false;
};

}  // namespace entrepot::registry
