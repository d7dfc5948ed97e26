#include "registry/call.hpp"

#include "entrepot/base/text.hpp"
#include "entrepot/http/range.hpp"
#include "entrepot/oci/media_type.hpp"

namespace entrepot::registry {

namespace {

std::string etag_of(const oci::Digest& digest) { return '"' + digest.to_string() + '"'; }

}  // namespace

http::Response make_response(unsigned status) {
  http::Response response;
  response.status = status;
  response.headers.add(kApiVersionHeader, kApiVersion);
  return response;
}

void add_cache_status(http::Response& response, cache::Outcome outcome) {
  std::string_view status = cache::cache_status(outcome);
  response.headers.add("Cache-Status", status);
  if (outcome == cache::Outcome::Stale) response.headers.add("Warning", R"(110 - "Response is Stale")");
  response.notes.cache = status.substr(status.find(' ') + 1);
}

std::string_view sendable_type(std::string_view media_type) {
  return http::is_field_value(media_type) ? media_type : oci::kOctetStream;
}

void add_content_headers(http::Response& response, const oci::Digest& digest, std::string_view media_type,
                         cache::Outcome outcome) {
  http::HeaderBlock& headers = response.headers;
  headers.add("Content-Type", sendable_type(media_type));
  const std::string etag = etag_of(digest);
  headers.add("Docker-Content-Digest", std::string_view(etag).substr(1, etag.size() - 2));
  headers.add("ETag", etag);
  headers.add("Accept-Ranges", "bytes");
  add_cache_status(response, outcome);
}

http::Response unsatisfiable_response(std::uint64_t size, cache::Outcome outcome) {
  http::Response response = api_error_response(oci::ApiCode::RangeInvalid, "the range lies beyond the end");
  response.headers.add("Content-Range", http::unsatisfied_content_range(size));
  add_cache_status(response, outcome);
  return response;
}

bool has_it(const http::Request& request, const oci::Digest& digest) {
  for (const auto& [name, condition] : request.headers) {  // a list may come on several lines
    bool here = equal_ignoring_case(name, "If-None-Match");
    if (here && http::matches_etag(condition, etag_of(digest))) return true;
  }
  return false;
}

std::string_view range_of(const http::Request& request, const oci::Digest& digest) {
  if (request.method != "GET") return "";
  std::string_view condition = request.header("If-Range");
  if (!condition.empty() && condition != etag_of(digest)) return "";
  return request.header("Range");
}

}  // namespace entrepot::registry
