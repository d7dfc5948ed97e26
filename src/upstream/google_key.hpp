// The JSON files by which programs get at a Google account. Pure. Source: AIP-4110 to 4117 (google.aip.dev/auth), and
// the fields that Google's own libraries read.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>

#include "entrepot/http/url.hpp"
#include "upstream/json_web_token.hpp"

namespace entrepot::upstream {

// "type": "service_account", a key that was downloaded.
struct GoogleServiceAccount {
  std::string email;
  std::string key_id;  // "": not said
  SigningKey key;
  http::Url token_uri;
};

// "type": "authorized_user", what `gcloud auth application-default login` leaves behind.
struct GoogleUser {
  std::string client_id;
  std::string client_secret;
  std::string refresh_token;
  http::Url token_uri;
};

// "type": "external_account", Workload Identity Federation: another issuer's token, which is in a file, is exchanged
// for Google's.
struct GoogleFederation {
  std::string audience;
  std::string subject_token_type;
  std::filesystem::path subject_file;
  std::string subject_field;  // of the JSON in the file; "": the file is the token
  http::Url token_url;

  // Where the first token gets that of a service account; none: the first is used itself.
  std::optional<http::Url> impersonation_url;
  std::chrono::seconds impersonation_life{3600};  // that is asked for
};

using GoogleKey = std::variant<GoogleServiceAccount, GoogleUser, GoogleFederation>;

// Errc::Invalid, and what is missing or not supported, for anything else. The message quotes nothing but the type.
// Every URL in it leads over https, or to this machine.
Result<GoogleKey> parse_google_key(const std::string& json);

}  // namespace entrepot::upstream
