#include "entrepot/oci/api_error.hpp"

#include "entrepot/oci/media_type.hpp"
#include "oci/json.hpp"

namespace entrepot::oci {

namespace {

using nlohmann::json;

struct Row {
  std::string_view name;
  unsigned status;
};

// A switch, so that the compiler names the enumerator that has no row.
constexpr Row row_of(ApiCode code) {
  switch (code) {
    case ApiCode::BlobUnknown:
      return {"BLOB_UNKNOWN", 404};
    case ApiCode::ManifestUnknown:
      return {"MANIFEST_UNKNOWN", 404};
    case ApiCode::NameUnknown:
      return {"NAME_UNKNOWN", 404};
    case ApiCode::DigestInvalid:
      return {"DIGEST_INVALID", 400};
    case ApiCode::NameInvalid:
      return {"NAME_INVALID", 400};
    case ApiCode::TagInvalid:
      return {"TAG_INVALID", 400};
    case ApiCode::PaginationNumberInvalid:
      return {"PAGINATION_NUMBER_INVALID", 400};
    case ApiCode::RangeInvalid:
      return {"RANGE_INVALID", 416};
    case ApiCode::Unauthorized:
      return {"UNAUTHORIZED", 401};
    case ApiCode::Denied:
      return {"DENIED", 403};
    case ApiCode::Unsupported:
      return {"UNSUPPORTED", 405};
    case ApiCode::TooManyRequests:
      return {"TOOMANYREQUESTS", 429};
    case ApiCode::Unavailable:
      return {"UNAVAILABLE", 503};
    case ApiCode::Unknown:
      break;
  }
  return {"UNKNOWN", 500};
}

constexpr std::string_view kBlank = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// What stands in <title>: the first line of the pages that proxies and load balancers send is only their doctype.
std::string_view html_title(std::string_view page) {
  constexpr std::string_view kOpen = "<title>";
  std::size_t open = page.find(kOpen);
  if (open == std::string_view::npos) return {};
  page.remove_prefix(open + kOpen.size());
  return trimmed(page.substr(0, page.find('<')));
}

std::string first_line(std::string_view text) {
  constexpr std::size_t kMaxLength = 256;
  text = trimmed(text);
  return std::string(trimmed(text.substr(0, text.find_first_of("\r\n")).substr(0, kMaxLength)));
}

}  // namespace

std::string_view name_of(ApiCode code) { return row_of(code).name; }

unsigned status_of(ApiCode code) { return row_of(code).status; }

std::string error_body(ApiCode code, std::string_view message) {
  json error = {{"code", name_of(code)}, {"message", message}};
  json body = {{"errors", json::array({std::move(error)})}};
  return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

ApiErrorText parse_error_body(std::string_view content_type, std::string_view body) {
  json parsed = parse_json(body);
  const json& errors = member(parsed, "errors");
  if (errors.is_array() && !errors.empty() && errors.front().is_object()) {
    return {text_member(errors.front(), "code"), text_member(errors.front(), "message")};
  }
  std::string_view title = without_parameters(content_type) == "text/html" ? html_title(body) : std::string_view();
  return {{}, first_line(title.empty() ? body : title)};
}

}  // namespace entrepot::oci
