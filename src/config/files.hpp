// Looks whether the files that a configuration names are there.
#pragma once

#include "config/document.hpp"
#include "entrepot/config/config.hpp"

namespace entrepot::config {

// Notes those that this process cannot use now (Document::unreadable). Blocks.
void look_for_files(const Config& config, Document& document);

}  // namespace entrepot::config
