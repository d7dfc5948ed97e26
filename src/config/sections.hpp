// The sections of a configuration file: from YAML to the structs of config.hpp, key by key. What concerns more than one
// key or section is checked afterwards (validate.hpp).
#pragma once

#include <string>

#include "config/node.hpp"
#include "entrepot/config/config.hpp"

namespace entrepot::config {

// The whole file over what `config` holds.
void read_config(const Node& root, Config& config);

// The map of upstreams. `general` has the sections that an upstream's own keys are laid over.
Upstreams read_upstreams(const Node& node, const Upstream& general);

// An upstream's account.
Credentials read_credentials(const Node& node);

// Keys that a file may have in general and for an upstream.
void read_eviction(const Node& node, Eviction& eviction);
void read_freshness(const Node& node, Freshness& freshness);
void read_timeouts(const Node& node, Timeouts& timeouts);

}  // namespace entrepot::config
