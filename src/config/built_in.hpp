// The registries that entrepot knows without being told.
#pragma once

#include <string>

#include "entrepot/config/config.hpp"

namespace entrepot::config {

// What `name` stands for where a file says nothing else: its own url and aliases if entrepot knows it, https://<name>
// otherwise.
Upstream default_upstream(const std::string& name);

}  // namespace entrepot::config
