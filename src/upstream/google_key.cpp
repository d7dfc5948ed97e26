#include "upstream/google_key.hpp"

#include <nlohmann/json.hpp>

#include "entrepot/http/message.hpp"
#include "upstream/json_text.hpp"
#include "upstream/token_call.hpp"

namespace entrepot::upstream {

namespace {

constexpr char kTokenUri[] = "https://oauth2.googleapis.com/token";
constexpr char kStsUrl[] = "https://sts.googleapis.com/v1/token";
constexpr std::chrono::seconds kShortestImpersonation{600};  // as Google's libraries have it
constexpr std::chrono::seconds kLongestImpersonation{43200};

Error invalid(std::string message) { return {Errc::Invalid, std::move(message)}; }

nlohmann::json object_in(const nlohmann::json& object, const char* name) {
  auto found = object.find(name);
  return found != object.end() && found->is_object() ? *found : nlohmann::json::object();
}

// The first of these members that has no text; "" if all have one.
std::string missing_of(const nlohmann::json& object, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (text_in(object, name).empty()) return name;
  }
  return {};
}

Result<http::Url> url_in(const nlohmann::json& object, const char* name, const char* otherwise) {
  const std::string text = text_in(object, name);
  Result<http::Url> url = http::Url::parse(text.empty() ? otherwise : text);
  if (!url) return invalid(std::string("its ") + name + " is no URL");
  if (!is_private_way(*url)) return invalid(std::string("its ") + name + " does not begin with https://");
  return url;
}

Result<GoogleKey> service_account(const nlohmann::json& object) {
  if (const std::string name = missing_of(object, {"client_email", "private_key"}); !name.empty()) {
    return invalid("it has no " + name);
  }
  Result<SigningKey> key = SigningKey::parse(text_in(object, "private_key"));
  if (!key) return invalid("its private_key " + key.error().message);
  Result<http::Url> token_uri = url_in(object, "token_uri", kTokenUri);
  if (!token_uri) return token_uri.error();
  return GoogleKey(GoogleServiceAccount{.email = text_in(object, "client_email"),
                                        .key_id = text_in(object, "private_key_id"),
                                        .key = std::move(*key),
                                        .token_uri = std::move(*token_uri)});
}

Result<GoogleKey> user(const nlohmann::json& object) {
  if (const std::string name = missing_of(object, {"client_id", "client_secret", "refresh_token"}); !name.empty()) {
    return invalid("it has no " + name);
  }
  Result<http::Url> token_uri = url_in(object, "token_uri", kTokenUri);
  if (!token_uri) return token_uri.error();
  return GoogleKey(GoogleUser{.client_id = text_in(object, "client_id"),
                              .client_secret = text_in(object, "client_secret"),
                              .refresh_token = text_in(object, "refresh_token"),
                              .token_uri = std::move(*token_uri)});
}

Result<GoogleKey> federation(const nlohmann::json& object) {
  // They change who is asked for what: without them the call would be another.
  for (const char* name : {"workforce_pool_user_project", "client_id", "client_secret"}) {
    const auto found = object.find(name);
    if (found != object.end() && !found->is_null()) return invalid(std::string("its ") + name + " is not supported");
  }
  if (const std::string name = missing_of(object, {"audience", "subject_token_type"}); !name.empty()) {
    return invalid("it has no " + name);
  }
  const nlohmann::json source = object_in(object, "credential_source");
  const nlohmann::json format = object_in(source, "format");
  GoogleFederation federation{.audience = text_in(object, "audience"),
                              .subject_token_type = text_in(object, "subject_token_type"),
                              .subject_file = text_in(source, "file"),
                              .subject_field = text_in(format, "subject_token_field_name"),
                              .token_url = {},
                              .impersonation_url = {}};
  if (federation.subject_file.empty()) {
    return invalid("its credential_source has no file; URLs, programs and AWS are not supported as sources");
  }
  if (text_in(format, "type") == "json" && federation.subject_field.empty()) {
    return invalid("the format of its credential_source has no subject_token_field_name");
  }
  Result<http::Url> token_url = url_in(object, "token_url", kStsUrl);
  if (!token_url) return token_url.error();
  federation.token_url = std::move(*token_url);
  if (!text_in(object, "service_account_impersonation_url").empty()) {
    Result<http::Url> url = url_in(object, "service_account_impersonation_url", "");
    if (!url) return url.error();
    federation.impersonation_url = std::move(*url);
  }
  const nlohmann::json impersonation = object_in(object, "service_account_impersonation");
  if (auto life = impersonation.find("token_lifetime_seconds"); life != impersonation.end()) {
    if (!life->is_number_integer()) return invalid("its token_lifetime_seconds is no number");
    federation.impersonation_life = std::chrono::seconds(life->get<std::int64_t>());
    if (federation.impersonation_life < kShortestImpersonation ||
        federation.impersonation_life > kLongestImpersonation) {
      return invalid("its token_lifetime_seconds is not from 600 to 43200");
    }
  }
  return GoogleKey(std::move(federation));
}

}  // namespace

Result<GoogleKey> parse_google_key(const std::string& json) {
  const auto object = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return invalid("is no JSON object");
  const std::string type = text_in(object, "type");
  if (type == "service_account") return service_account(object);
  if (type == "authorized_user") return user(object);
  if (type == "external_account") return federation(object);
  constexpr std::size_t kLongestType = 64;
  if (type.empty() || type.size() > kLongestType || !http::is_field_value(type)) return invalid("it has no type");
  return invalid("its type " + type +
                 " is not supported; expected service_account, authorized_user or external_account");
}

}  // namespace entrepot::upstream
