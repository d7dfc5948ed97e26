#include "registry/blobs.hpp"

#include "entrepot/http/range.hpp"
#include "entrepot/oci/media_type.hpp"
#include "registry/blob_parts.hpp"

namespace entrepot::registry {

namespace {

// A blob that is not kept costs a request to the upstream for each part. For more of them one request for all of it is
// better.
constexpr std::size_t kMaxStreamedParts = 16;

// HEAD, and GET by a client that has the blob: nothing is downloaded.
io::Awaitable<http::Response> describe(const Call& call, cache::BlobCache& blobs) {
  const oci::Digest& digest = *call.route.digest;
  auto stat = co_await blobs.stat(call.source, call.view(), digest, call.deadline);
  if (!stat) co_return error_response(stat.error(), What::Blob);
  http::Response response = make_response(has_it(call.request, digest) ? 304 : 200);
  cache::Outcome outcome = stat->stored ? cache::Outcome::Hit : cache::Outcome::Forwarded;
  add_content_headers(response, digest, oci::kOctetStream, outcome);
  if (response.status == 200) response.content_length = stat->size;
  co_return response;
}

io::Awaitable<http::Response> serve_parts(const Call& call, std::unique_ptr<cache::OpenBlob> blob,
                                          http::ByteRanges ranges) {
  const http::ByteRange first = ranges.front();
  for (const http::ByteRange& range : ranges) blob->announce(range.first, range.last + 1);
  auto body = co_await blob->body(first.first, first.last + 1, !first.ends_early, call.deadline);
  if (!body) co_return error_response(body.error(), What::Blob);
  http::Multipart frame(std::move(ranges), *blob->size(), std::string(oci::kOctetStream));
  http::Response response = make_response(206);
  add_content_headers(response, *call.route.digest, frame.content_type(), blob->outcome());
  response.content_length = frame.length();
  std::unique_ptr<http::BodySource> source =
      std::make_unique<BlobParts>(std::move(blob), std::move(frame), std::move(*body));
  response.body = std::move(source);
  co_return response;
}

bool may_be_parted(const cache::OpenBlob& blob, const http::ByteRanges& ranges) {
  return blob.outcome() != cache::Outcome::Bypass || ranges.size() <= kMaxStreamedParts;
}

}  // namespace

io::Awaitable<http::Response> serve_blob(const Call& call, cache::BlobCache& blobs) {
  const oci::Digest& digest = *call.route.digest;
  if (call.request.is_head() || has_it(call.request, digest)) co_return co_await describe(call, blobs);

  bool wait_for_size = call.request.version == 10;
  auto opened = co_await blobs.open(call.source, call.view(), digest, wait_for_size, call.deadline);
  if (!opened) co_return error_response(opened.error(), What::Blob);
  cache::OpenBlob& blob = **opened;
  if (call.request.header("Range").empty() && blob.outcome() != cache::Outcome::Bypass) {
    io::Executor executor = co_await io::net::this_coro::executor;
    blobs.blob_served(executor, call.source, call.view(), digest);
  }

  std::uint64_t begin = 0;
  std::optional<std::uint64_t> end = blob.size();
  bool to_end = true;
  http::Response response = make_response(200);
  if (blob.size()) {
    http::RangeDecision decision = http::decide_range(range_of(call.request, digest), *blob.size());
    if (std::holds_alternative<http::Unsatisfiable>(decision)) {
      co_return unsatisfiable_response(*blob.size(), blob.outcome());
    }
    if (auto ranges = std::get_if<http::ByteRanges>(&decision); ranges && may_be_parted(blob, *ranges)) {
      co_return co_await serve_parts(call, std::move(*opened), std::move(*ranges));
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
