#include "entrepot/base/units.hpp"

#include <charconv>
#include <limits>
#include <span>

namespace entrepot {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr Unit kByteUnits[] = {
    {"TiB", std::uint64_t{1} << 40},
    {"GiB", std::uint64_t{1} << 30},
    {"MiB", std::uint64_t{1} << 20},
    {"KiB", std::uint64_t{1} << 10},
    {"GB", 1'000'000'000},
    {"MB", 1'000'000},
    {"kB", 1'000},
    {"B", 1},
};
constexpr Unit kDurationUnits[] = {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}};

constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();

std::optional<std::uint64_t> parse(std::string_view text, std::span<const Unit> units) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view unit_name = text.substr(static_cast<std::size_t>(end - text.data()));
  if (unit_name.empty() && number == 0) return 0;
  for (const Unit& unit : units) {
    if (unit.name != unit_name) continue;
    if (number > kMax / unit.factor) return std::nullopt;
    return number * unit.factor;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> parse_bytes(std::string_view text) { return parse(text, kByteUnits); }

std::optional<Duration> parse_duration(std::string_view text) {
  const auto milliseconds = parse(text, kDurationUnits);
  if (!milliseconds) return std::nullopt;
  return Duration(static_cast<Duration::rep>(*milliseconds));
}

}  // namespace entrepot
