// What of a changed configuration a running daemon takes on.
#pragma once

#include <string>
#include <vector>

#include "entrepot/config/config.hpp"

namespace entrepot::config {

struct Reload {
  Config config;                      // the running one, with what can be applied at once from the wanted one
  std::vector<std::string> applied;   // the keys that it took: "eviction.ttl"
  std::vector<std::string> at_start;  // the keys that differ and count from the next start on
};

Reload reload(const Config& running, const Config& wanted);

}  // namespace entrepot::config
