#include "registry/error_response.hpp"

#include <chrono>

#include "entrepot/cache/context.hpp"

namespace entrepot::registry {

namespace {

using oci::ApiCode;

http::Response make_response(unsigned status, ApiCode code, std::string_view message) {
  http::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.headers.add(kApiVersionHeader, kApiVersion);
  // RFC 9110, 15.5.6: a 405 says which methods there are.
  if (status == 405) response.headers.add("Allow", "GET, HEAD");
  response.body = oci::error_body(code, message);
  response.notes.error = message;
  return response;
}

// The upstream knows best which of its names is unknown: a missing repository is asked for as a manifest too.
ApiCode unknown_code(std::string_view upstream_code, What what) {
  for (ApiCode code : {ApiCode::BlobUnknown, ApiCode::ManifestUnknown, ApiCode::NameUnknown}) {
    if (upstream_code == name_of(code)) return code;
  }
  switch (what) {
    case What::Blob:
      return ApiCode::BlobUnknown;
    case What::Manifest:
      return ApiCode::ManifestUnknown;
    case What::Referrers:
      // An upstream without that API. At NAME_UNKNOWN oras and soci give up, and do not look for the tag instead.
      return ApiCode::Unsupported;
    case What::Repository:
      break;
  }
  return ApiCode::NameUnknown;
}

struct Row {
  unsigned status;
  ApiCode code;
  bool back_off = false;  // the client should wait before it asks again
};

Row row_of(const Error& error, What what) {
  switch (error.code) {
    case Errc::NotFound:
      return {404, unknown_code(error.api_code, what)};
    case Errc::Denied:
      return {403, ApiCode::Denied};
    case Errc::RateLimited:
      return {429, ApiCode::TooManyRequests, true};
    case Errc::Unavailable:
    case Errc::NoRoom:
      return {503, ApiCode::Unavailable, true};
    case Errc::BadGateway:
      return {502, ApiCode::Unavailable};
    case Errc::Timeout:
      return {504, ApiCode::Unavailable};
    case Errc::Invalid:  // the route has checked all but the name of a page
      return {400, ApiCode::PaginationNumberInvalid};
    case Errc::Io:
      break;
  }
  return {500, ApiCode::Unknown};
}

ApiCode refused_code(unsigned status) {
  if (status == 404) return ApiCode::NameUnknown;
  if (status == 429) return ApiCode::TooManyRequests;
  if (status == 503) return ApiCode::Unavailable;
  return status < 500 ? ApiCode::Unsupported : ApiCode::Unknown;
}

}  // namespace

http::Response error_response(const Error& error, What what) {
  // Long enough for clients that retry at once to lose their place in the queue, short for a person who waits.
  constexpr std::chrono::seconds kOwnBackOff(10);

  Row row = row_of(error, what);
  http::Response response = make_response(row.status, row.code, error.message);
  if (what == What::Blob || what == What::Manifest)
    response.headers.add("Cache-Status", cache::cache_status(cache::Outcome::Forwarded));
  if (row.back_off) {
    std::chrono::seconds wait = error.retry_after > std::chrono::seconds(0) ? error.retry_after : kOwnBackOff;
    response.headers.add("Retry-After", static_cast<std::uint64_t>(wait.count()));
  }
  return response;
}

http::Response api_error_response(ApiCode code, std::string_view message) {
  return make_response(status_of(code), code, message);
}

http::Response route_error_response(const RouteError& error) {
  http::Response response = api_error_response(error.code, error.message);
  if (error.ns) response.headers.add(kNamespaceHeader, *error.ns);
  return response;
}

http::Response refused_response(unsigned status, std::string_view reason) {
  return make_response(status, refused_code(status), reason);
}

}  // namespace entrepot::registry
