// GET and HEAD of /v2/<name>/blobs/<digest>.
#pragma once

#include "entrepot/cache/blob_cache.hpp"
#include "registry/call.hpp"

namespace entrepot::registry {

io::Awaitable<http::Response> serve_blob(const Call& call, cache::BlobCache& blobs);

}  // namespace entrepot::registry
