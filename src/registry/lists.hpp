// The lists: tags, referrers, and the catalog.
#pragma once

#include "entrepot/cache/manifest_cache.hpp"
#include "entrepot/cache/sources.hpp"
#include "registry/call.hpp"
#include "registry/routing_table.hpp"

namespace entrepot::registry {

// GET /v2/<name>/tags/list: the upstream's, page by page; while it cannot be reached, the tags that are stored. What
// was just pulled is among them: it waits a moment for the disk.
io::Awaitable<http::Response> serve_tags(const Call& call, const store::Store& store, cache::ManifestCache& manifests);

// GET /v2/<name>/referrers/<digest>: the upstream's. A 404 means that it has no such API, and lets the client look for
// the tag that stands in for it.
io::Awaitable<http::Response> serve_referrers(const Call& call);

// GET /v2/_catalog: repositories with a stored manifest, each under a name by which it can be pulled as listed. Waits
// likewise.
io::Awaitable<http::Response> serve_catalog(const Call& call, const RoutingTable& table, const cache::Sources& sources,
                                            const store::Store& store, cache::ManifestCache& manifests);

}  // namespace entrepot::registry
