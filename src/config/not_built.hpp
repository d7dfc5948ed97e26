// Keys that have a meaning, but no effect yet. Ignoring one would leave an operator without a protection that the file
// asks for, so each is refused by name. The change that builds a key's effect takes its row out of the table.
#pragma once

#include <string_view>
#include <vector>

namespace entrepot::config {

// `pattern`: a key's path with "*" for a name and "[]" for an index: "listeners[].tls.client_ca".
bool is_not_built(std::string_view pattern);

// The last components of such keys in the map at `pattern`.
std::vector<std::string_view> not_built_in(std::string_view pattern);

}  // namespace entrepot::config
