#include "entrepot/base/wildcard.hpp"

#include <algorithm>

namespace entrepot {

namespace {

constexpr std::size_t kLongestPart = 63;  // RFC 1035, 2.3.4

bool may_stand(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }

std::string_view take_part(std::string_view& rest) {
  const auto dot = std::min(rest.find('.'), rest.size());
  const std::string_view part = rest.substr(0, dot);
  rest.remove_prefix(std::min(dot + 1, rest.size()));
  return part;
}

}  // namespace

std::optional<std::vector<std::string>> match_wildcard(std::string_view wildcard, std::string_view name) {
  std::vector<std::string> found;
  if (std::ranges::count(wildcard, '.') != std::ranges::count(name, '.')) return std::nullopt;
  while (!wildcard.empty() || !name.empty()) {
    const std::string_view pattern = take_part(wildcard);
    const std::string_view part = take_part(name);
    const auto star = pattern.find('*');
    if (star == std::string_view::npos) {
      if (part != pattern) return std::nullopt;
      continue;
    }
    const std::string_view before = pattern.substr(0, star);
    const std::string_view after = pattern.substr(star + 1);
    if (part.size() < pattern.size() || !part.starts_with(before) || !part.ends_with(after)) return std::nullopt;
    if (part.size() > kLongestPart) return std::nullopt;
    const std::string_view middle = part.substr(star, part.size() - before.size() - after.size());
    if (!std::ranges::all_of(middle, may_stand)) return std::nullopt;
    found.emplace_back(middle);
  }
  return found;
}

}  // namespace entrepot
