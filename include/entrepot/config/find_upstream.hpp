// Which of the configured upstreams a name belongs to: its own, or a wildcard's. Pure.
#pragma once

#include <string>
#include <string_view>

#include "entrepot/config/config.hpp"

namespace entrepot::config {

// Null if there is none. Of several wildcards that stand for the name the longest counts.
const Upstream* find_upstream(const Upstreams& upstreams, std::string_view name);

// What a wildcard says of one of the registries that it stands for: with that name, and with its URLs, in which $0 is
// the name and $1 to $9 what the stars stand for. `name` is one.
Upstream upstream_under(const Upstream& wildcard, const std::string& name);

}  // namespace entrepot::config
