// The error bodies of the distribution API.
//
// Source: OCI distribution-spec, "Error codes", and distribution's additions (UNKNOWN, UNAVAILABLE, TAG_INVALID,
// PAGINATION_NUMBER_INVALID, RANGE_INVALID).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace entrepot::oci {

enum class ApiCode {
  BlobUnknown,
  ManifestUnknown,
  NameUnknown,
  DigestInvalid,
  NameInvalid,
  TagInvalid,
  PaginationNumberInvalid,
  RangeInvalid,
  Unauthorized,
  Denied,
  Unsupported,
  TooManyRequests,
  Unavailable,
  Unknown,
};

std::string_view name_of(ApiCode code);  // "BLOB_UNKNOWN"
unsigned status_of(ApiCode code);        // the status that the spec gives it: 404; Unknown is 500

// {"errors":[{"code":"BLOB_UNKNOWN","message":"..."}]}; a message that is not UTF-8 is made so.
std::string error_body(ApiCode code, std::string_view message);

struct ApiErrorText {
  std::string code;     // "" if the body has none
  std::string message;  // "" if the body has none
};

// The first error of a registry's error body. A body of another form (HTML, plain text) gives its first line, at most
// 256 characters of it, as the message. Never fails.
ApiErrorText parse_error_body(std::string_view content_type, std::string_view body);

}  // namespace entrepot::oci
