// The path of a registry request, cut into its parts. Pure; knows no upstream.
#pragma once

#include <optional>
#include <string_view>

#include "registry/route.hpp"

namespace entrepot::registry {

// Views into the path that was cut.
struct ApiPath {
  std::string_view mount;  // the prefix that stands before "/v2", "" if none does
  Endpoint endpoint;

  // The repository, a prefix before it perhaps. Of Ping and Catalog: a prefix alone, "" if there is none. A path that
  // is no endpoint's is a Ping with all of it as the prefix.
  std::string_view name;

  std::string_view reference;  // of Manifest, Blob, Referrers: what stands behind the keyword
};

// Why clients of a registry never send `path`, which is decoded; nothing if they could. Empty, "." and ".." components:
// whatever resolves them before or behind this server would see another path than it does.
std::optional<RouteError> check_components(std::string_view path);

// `path` is decoded. Nothing if it has no component "v2". Keywords are looked for from the right: a repository may be
// called "a/manifests/b".
std::optional<ApiPath> cut_path(std::string_view path);

}  // namespace entrepot::registry
