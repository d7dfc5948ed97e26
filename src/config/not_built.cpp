#include "config/not_built.hpp"

#include <algorithm>

namespace entrepot::config {
namespace {

constexpr std::string_view kTable[] = {"listeners[].tls.client_ca"};

}  // namespace

bool is_not_built(std::string_view pattern) { return std::ranges::find(kTable, pattern) != std::end(kTable); }

std::vector<std::string_view> not_built_in(std::string_view pattern) {
  std::vector<std::string_view> names;
  for (const std::string_view key : kTable) {
    const auto dot = key.rfind('.');
    const bool top = dot == std::string_view::npos;
    if ((top ? std::string_view() : key.substr(0, dot)) == pattern) names.push_back(key.substr(top ? 0 : dot + 1));
  }
  return names;
}

}  // namespace entrepot::config
