// GET and HEAD of /v2/<name>/manifests/<reference>.
#pragma once

#include "entrepot/cache/blob_cache.hpp"
#include "entrepot/cache/manifest_cache.hpp"
#include "registry/call.hpp"

namespace entrepot::registry {

// `blobs` is told of what is served: its layers may be fetched ahead.
io::Awaitable<http::Response> serve_manifest(const Call& call, cache::ManifestCache& manifests,
                                             cache::BlobCache& blobs);

}  // namespace entrepot::registry
