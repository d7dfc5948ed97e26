// The registry API: from a request to a response.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "entrepot/cache/blob_cache.hpp"
#include "entrepot/cache/manifest_cache.hpp"
#include "entrepot/cache/sources.hpp"
#include "entrepot/config/config.hpp"
#include "entrepot/http/message.hpp"

namespace entrepot::registry {

// Thread-safe. What it is made of must outlive it, and it the requests that it handles.
class Service {
 public:
  Service(const config::Config& config, cache::Sources& sources, cache::BlobCache& blobs,
          cache::ManifestCache& manifests, const store::Store& store);
  ~Service();

  // An http::Handler. Sends no status before the upstream has answered what the cache may not, and none later than 25 s
  // after the request.
  io::Awaitable<http::Response> handle(const http::Request& request) const;

  // An http::MakeError.
  http::Response refused(const http::Request& request, unsigned status, std::string_view reason) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace entrepot::registry
