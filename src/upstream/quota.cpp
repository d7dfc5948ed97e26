#include "upstream/quota.hpp"

#include <charconv>

namespace entrepot::upstream {

namespace {

std::optional<std::uint64_t> leading_number(std::string_view text) {
  std::uint64_t number = 0;
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<Quota> parse_quota(std::string_view limit, std::string_view remaining) {
  std::optional<std::uint64_t> of = leading_number(limit);
  std::optional<std::uint64_t> left = leading_number(remaining);
  if (!of || !left) return std::nullopt;
  return Quota{*of, *left};
}

}  // namespace entrepot::upstream
