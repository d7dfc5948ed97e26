#include "registry/call.hpp"

#include "entrepot/http/range.hpp"

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

void add_content_headers(http::Response& response, const oci::Digest& digest, std::string_view media_type,
                         cache::Outcome outcome) {
  http::HeaderBlock& headers = response.headers;
  headers.add("Content-Type", http::is_field_value(media_type) ? media_type : "application/octet-stream");
  headers.add("Docker-Content-Digest", digest.to_string());
  headers.add("ETag", etag_of(digest));
  headers.add("Accept-Ranges", "bytes");
  std::string_view status = cache::cache_status(outcome);
  headers.add("Cache-Status", status);
  if (outcome == cache::Outcome::Stale) headers.add("Warning", R"(110 - "Response is Stale")");
  response.notes.cache = status.substr(status.find(' ') + 1);
}

bool has_it(const http::Request& request, const oci::Digest& digest) {
  std::string_view condition = request.header("If-None-Match");
  return !condition.empty() && http::matches_etag(condition, etag_of(digest));
}

std::string_view range_of(const http::Request& request, const oci::Digest& digest) {
  if (request.method != "GET") return "";
  std::string_view condition = request.header("If-Range");
  if (!condition.empty() && condition != etag_of(digest)) return "";
  return request.header("Range");
}

}  // namespace entrepot::registry
