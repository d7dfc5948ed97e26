#include "registry/api_path.hpp"

#include <string>
#include <utility>

namespace entrepot::registry {

namespace {

// Cuts `text` at its last slash: what stands before it, "" if there is none, and what stands behind it.
std::pair<std::string_view, std::string_view> cut_last(std::string_view text) {
  std::size_t slash = text.rfind('/');
  if (slash == std::string_view::npos) return {{}, text};
  return {text.substr(0, slash), text.substr(slash + 1)};
}

// `rest` is what stands behind "/v2/".
ApiPath cut_rest(std::string_view mount, std::string_view rest) {
  auto [before, last] = cut_last(rest);
  auto [name, keyword] = cut_last(before);
  if (!name.empty()) {
    if (keyword == "manifests") return {mount, Endpoint::Manifest, name, last};
    if (keyword == "blobs") return {mount, Endpoint::Blob, name, last};
    if (keyword == "referrers") return {mount, Endpoint::Referrers, name, last};
    if (keyword == "tags" && last == "list") return {mount, Endpoint::Tags, name, {}};
  }
  if (last == "_catalog") return {mount, Endpoint::Catalog, before, {}};
  return {mount, Endpoint::Ping, last.empty() ? before : rest, {}};
}

}  // namespace

std::optional<RouteError> check_components(std::string_view path) {
  // What stands before the first slash is no component, and a path may end with a slash.
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos;) {
    std::size_t next = path.find('/', slash + 1);
    std::string_view component = path.substr(slash + 1, next - slash - 1);
    bool is_last = next == std::string_view::npos;
    if (component == "." || component == ".." || (component.empty() && !is_last)) {
      return RouteError{oci::ApiCode::NameInvalid, "the path has a component \"" + std::string(component) + '"', {}};
    }
    slash = next;
  }
  return std::nullopt;
}

std::optional<ApiPath> cut_path(std::string_view path) {
  constexpr std::string_view kVersion = "/v2";
  if (!path.starts_with('/')) return std::nullopt;
  for (std::size_t at = path.find(kVersion); at != std::string_view::npos; at = path.find(kVersion, at + 1)) {
    std::string_view rest = path.substr(at + kVersion.size());
    if (!rest.empty() && rest.front() != '/') continue;  // "/v2x"
    std::string_view mount = at == 0 ? std::string_view() : path.substr(1, at - 1);
    return cut_rest(mount, rest.empty() ? rest : rest.substr(1));
  }
  return std::nullopt;
}

}  // namespace entrepot::registry
