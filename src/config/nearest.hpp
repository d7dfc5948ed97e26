// "Did you mean ...?" Pure.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace entrepot::config {

// The known word that `word` most probably was meant to be: the one with the fewest changed, added, left-out or swapped
// letters, if these are at most a third of the longer word (or one).
std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> known);

}  // namespace entrepot::config
