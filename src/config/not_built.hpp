// Keys that have a meaning, but no effect yet. Ignoring one would leave an operator without a protection that the file
// asks for, so each is refused by name. The change that builds a key's effect takes its row out of the table.
#pragma once

#include <array>
#include <string_view>
#include <vector>

namespace entrepot::config {

struct NotBuilt {
  std::string_view key;                      // as Node::pattern() has it: "upstreams.*.access"
  std::string_view built{};                  // the one value that is built, and may be given; "" if there is none
  std::array<std::string_view, 3> values{};  // of a key that is built but for these
};

// Nothing (nullptr) if the key is not in the table.
const NotBuilt* find_not_built(std::string_view pattern);

// The last components of the table's keys in the map at `pattern`.
std::vector<std::string_view> not_built_in(std::string_view pattern);

}  // namespace entrepot::config
