#include "registry/blobs.hpp"

#include "entrepot/http/range.hpp"
#include "entrepot/oci/media_type.hpp"

namespace entrepot::registry {

namespace {

// HEAD, and GET by a client that has the blob: nothing is downloaded.
io::Awaitable<http::Response> describe(const Call& call, cache::BlobCache& blobs) {
  const oci::Digest& digest = *call.route.digest;
  auto stat = co_await blobs.stat(*call.source.upstream, call.route.repository, digest, call.deadline);
  if (!stat) co_return error_response(stat.error(), What::Blob);
  http::Response response = make_response(has_it(call.request, digest) ? 304 : 200);
  cache::Outcome outcome = stat->stored ? cache::Outcome::Hit : cache::Outcome::Forwarded;
  add_content_headers(response, digest, oci::kOctetStream, outcome);
  if (response.status == 200) response.content_length = stat->size;
  co_return response;
}

}  // namespace

io::Awaitable<http::Response> serve_blob(const Call& call, cache::BlobCache& blobs) {
  const oci::Digest& digest = *call.route.digest;
  if (call.request.is_head() || has_it(call.request, digest)) co_return co_await describe(call, blobs);

  bool wait_for_size = call.request.version == 10;
  auto opened = co_await blobs.open(*call.source.upstream, call.route.repository, digest, wait_for_size, call.deadline);
  if (!opened) co_return error_response(opened.error(), What::Blob);
  cache::OpenBlob& blob = **opened;

  std::uint64_t begin = 0;
  std::optional<std::uint64_t> end = blob.size();
  bool to_end = true;
  http::Response response = make_response(200);
  if (blob.size()) {
    http::RangeDecision decision = http::decide_range(range_of(call.request, digest), *blob.size());
    if (std::holds_alternative<http::Unsatisfiable>(decision)) {
      co_return unsatisfiable_response(*blob.size(), blob.outcome());
    }
    if (auto range = std::get_if<http::ByteRange>(&decision)) {
      begin = range->first;
      end = range->last + 1;
      to_end = !range->ends_early;
      response.status = 206;
      response.headers.add("Content-Range", http::content_range(*range, *blob.size()));
    }
  }
  auto body = co_await blob.body(begin, end, to_end, call.deadline);
  if (!body) co_return error_response(body.error(), What::Blob);
  response.body = std::move(*body);
  if (end) response.content_length = *end - begin;
  add_content_headers(response, digest, oci::kOctetStream, blob.outcome());
  co_return response;
}

}  // namespace entrepot::registry
