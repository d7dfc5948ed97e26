#include "entrepot/config/find_upstream.hpp"

#include "entrepot/base/wildcard.hpp"

namespace entrepot::config {
namespace {

// `parts`: by number. The configuration has no others.
std::string filled_in(std::string_view url, const std::vector<std::string>& parts) {
  std::string filled;
  for (std::size_t i = 0; i < url.size(); ++i) {
    if (url[i] != '$') {
      filled += url[i];
    } else {
      filled += parts.at(static_cast<std::size_t>(url[++i] - '0'));
    }
  }
  return filled;
}

}  // namespace

const Upstream* find_upstream(const Upstreams& upstreams, std::string_view name) {
  const auto found = find_by_name(upstreams, name);
  return found == upstreams.end() ? nullptr : &found->second;
}

Upstream upstream_under(const Upstream& wildcard, const std::string& name) {
  Upstream upstream = wildcard;
  std::vector<std::string> parts = match_wildcard(wildcard.name, name).value();
  parts.insert(parts.begin(), name);
  upstream.name = name;
  for (std::string& url : upstream.urls) url = filled_in(url, parts);
  return upstream;
}

}  // namespace entrepot::config
