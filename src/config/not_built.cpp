#include "config/not_built.hpp"

namespace entrepot::config {
namespace {

constexpr NotBuilt kTable[] = {
    {.key = "listeners[].tls.client_ca"},
    {.key = "upstreams.*.access", .built = "shared"},
    {.key = "upstreams.*.credentials.type", .values = {"ecr"}},
};

}  // namespace

const NotBuilt* find_not_built(std::string_view pattern) {
  for (const NotBuilt& row : kTable) {
    if (row.key == pattern) return &row;
  }
  return nullptr;
}

std::vector<std::string_view> not_built_in(std::string_view pattern) {
  std::vector<std::string_view> names;
  for (const NotBuilt& row : kTable) {
    const auto dot = row.key.rfind('.');
    const bool top = dot == std::string_view::npos;
    if ((top ? std::string_view() : row.key.substr(0, dot)) == pattern)
      names.push_back(row.key.substr(top ? 0 : dot + 1));
  }
  return names;
}

}  // namespace entrepot::config
