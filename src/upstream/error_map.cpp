#include "upstream/error_map.hpp"

#include "entrepot/oci/api_error.hpp"
#include "upstream/retry_after.hpp"

namespace entrepot::upstream {

namespace {

// A 400 for something that our own grammar has accepted: the registry's is narrower, so it holds no such thing.
bool says_that_no_such_name_exists(std::string_view api_code) {
  return api_code == "NAME_INVALID" || api_code == "TAG_INVALID" || api_code == "DIGEST_INVALID" ||
         api_code == "NAME_UNKNOWN" || api_code == "MANIFEST_UNKNOWN" || api_code == "BLOB_UNKNOWN";
}

Errc cause_of(const ErrorAnswer& answer, std::string_view api_code) {
  const bool registry = answer.answerer == Answerer::Registry;
  const bool storage = answer.answerer == Answerer::Storage;
  const bool token = answer.answerer == Answerer::TokenEndpoint;
  switch (answer.status) {
    case 404:
    case 410:
      return token ? Errc::BadGateway : Errc::NotFound;  // a realm that is not there says nothing of the image
    case 401:
    case 403:
      return storage ? Errc::BadGateway : Errc::Denied;
    case 400:
      return registry && says_that_no_such_name_exists(api_code) ? Errc::NotFound : Errc::BadGateway;
    case 429:
      return Errc::RateLimited;
    case 503:
      return Errc::Unavailable;
    default:
      return Errc::BadGateway;
  }
}

}  // namespace

Error error_from(const ErrorAnswer& answer, Time now) {
  oci::ApiErrorText text;
  // A storage's error may quote the signed query that it refuses.
  if (answer.answerer != Answerer::Storage) text = oci::parse_error_body(answer.content_type, answer.body);

  Error error{cause_of(answer, text.code), {}};
  if (!text.message.empty()) {
    error.message = std::move(text.message);
  } else {
    error.message = "status " + std::to_string(answer.status) + " from " + std::string(answer.where);
    if (!text.code.empty()) error.message += " (" + text.code + ")";
  }
  error.api_code = std::move(text.code);
  error.status = answer.status;
  if (error.code == Errc::RateLimited || error.code == Errc::Unavailable) {
    error.retry_after = parse_retry_after(answer.retry_after, now);
  }
  return error;
}

Error named(std::string_view upstream, Error error) {
  error.message.insert(0, std::string(upstream) + ": ");
  return error;
}

}  // namespace entrepot::upstream
