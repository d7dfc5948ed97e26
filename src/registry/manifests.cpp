#include "registry/manifests.hpp"

#include "entrepot/http/multipart.hpp"

namespace entrepot::registry {

namespace {

std::string parts_of(const std::string& bytes, const http::Multipart& frame) {
  std::string body;
  for (std::size_t part = 0; part < frame.parts().size(); ++part) {
    const http::ByteRange& range = frame.parts()[part];
    body.append(frame.before(part)).append(bytes, range.first, range.length());
  }
  return body + frame.end();
}

}  // namespace

io::Awaitable<http::Response> serve_manifest(const Call& call, cache::ManifestCache& manifests,
                                             cache::BlobCache& blobs) {
  bool head = call.request.is_head();
  auto manifest = co_await manifests.open(call.source, call.view(), *call.route.reference, head, call.deadline);
  if (!manifest) co_return error_response(manifest.error(), What::Manifest);

  http::Response response = make_response(200);
  if (has_it(call.request, manifest->digest)) {
    response.status = 304;
    add_content_headers(response, manifest->digest, manifest->media_type, manifest->outcome);
    co_return response;
  }
  std::string media_type(sendable_type(manifest->media_type));
  http::RangeDecision decision = http::decide_range(range_of(call.request, manifest->digest), manifest->size);
  if (std::holds_alternative<http::Unsatisfiable>(decision)) {
    co_return unsatisfiable_response(manifest->size, manifest->outcome);
  }
  if (head) {
    response.content_length = manifest->size;
  } else if (auto range = std::get_if<http::ByteRange>(&decision)) {
    response.status = 206;
    response.headers.add("Content-Range", http::content_range(*range, manifest->size));
    response.body = manifest->bytes->substr(range->first, range->length());
  } else if (auto ranges = std::get_if<http::ByteRanges>(&decision)) {
    http::Multipart frame(std::move(*ranges), manifest->size, media_type);
    response.status = 206;
    response.body = parts_of(*manifest->bytes, frame);
    media_type = frame.content_type();
  } else {
    response.body = manifest->bytes;
  }
  if (!head) blobs.manifest_served(call.source, call.view(), manifest->digest, *manifest->bytes);
  add_content_headers(response, manifest->digest, media_type, manifest->outcome);
  co_return response;
}

}  // namespace entrepot::registry
