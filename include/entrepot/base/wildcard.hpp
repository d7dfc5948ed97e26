// Names of hosts with a `*`, each of which stands for many: "*.dkr.ecr.*.amazonaws.com". Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace entrepot {

inline bool is_wildcard(std::string_view name) { return name.find('*') != std::string_view::npos; }

// What each `*` stands for in `name`; nothing if that is no such name. A `*` is one or more lower-case letters, digits
// and hyphens, so never a dot: what is asked for lies no deeper than the wildcard says. A part between dots with a `*`
// is of 63 characters at most, as those of host names are; in each only the first `*` is one.
std::optional<std::vector<std::string>> match_wildcard(std::string_view wildcard, std::string_view name);

// In a map by names and wildcards (std::less<>) the entry that `name` belongs to: its own, else that of the longest
// wildcard that stands for it; end() if there is none.
template <class Map>
auto find_by_name(Map& map, std::string_view name) {
  auto found = map.find(name);
  if (found != map.end()) return found;
  for (auto entry = map.begin(); entry != map.end(); ++entry) {
    if (!is_wildcard(entry->first) || !match_wildcard(entry->first, name)) continue;
    if (found == map.end() || entry->first.size() > found->first.size()) found = entry;
  }
  return found;
}

}  // namespace entrepot
