// What must hold between keys and sections of a configuration.
#pragma once

#include "config/document.hpp"
#include "entrepot/config/config.hpp"

namespace entrepot::config {

// Reports to `document` what does not hold, and puts upstreams' names in place of the aliases that listeners and
// default_upstream name.
void validate(Config& config, Document& document);

}  // namespace entrepot::config
