// Environment variables in the values of a configuration. Pure.
#pragma once

#include <string>
#include <string_view>

#include "entrepot/base/result.hpp"
#include "entrepot/config/load.hpp"

namespace entrepot::config {

// `text` with ${NAME} and ${NAME:-default} replaced and $$ as a dollar sign; a `$` before anything else stands for
// itself. As in a shell, the default also counts where the variable is set and empty. The default may hold $$, but no
// variable. Errc::Invalid for an unset variable without a default, and for a malformed ${; the message may name the
// variable, never a value.
Result<std::string> substitute(std::string_view text, const Environment& environment);

}  // namespace entrepot::config
