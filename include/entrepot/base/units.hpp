// Byte sizes and durations as people write them: "200GiB", "720h".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "entrepot/base/clock.hpp"

namespace entrepot {

// A whole number with a unit: B, kB, MB, GB, KiB, MiB, GiB, TiB; "0" needs none. Nothing if malformed or over 2^63 - 1.
std::optional<std::uint64_t> parse_bytes(std::string_view text);

// A whole number with a unit: ms, s, m, h, d; "0" needs none. Nothing if malformed or too long for a Duration.
std::optional<Duration> parse_duration(std::string_view text);

}  // namespace entrepot
