// GET and HEAD of /v2/<name>/manifests/<reference>.
#pragma once

#include "entrepot/cache/manifest_cache.hpp"
#include "registry/call.hpp"

namespace entrepot::registry {

io::Awaitable<http::Response> serve_manifest(const Call& call, cache::ManifestCache& manifests);

}  // namespace entrepot::registry
