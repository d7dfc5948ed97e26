#include "upstream/google_key.hpp"

#include "unit/upstream/signed_token.hpp"

namespace entrepot::upstream {
namespace {

using nlohmann::json;

json service_account() {
  return {{"type", "service_account"},
          {"client_email", "me@project.iam.gserviceaccount.com"},
          {"private_key", test::RsaKey().pem()},
          {"private_key_id", "k1"}};
}
json user() {
  return {{"type", "authorized_user"}, {"client_id", "id"}, {"client_secret", "s"}, {"refresh_token", "hunter2"}};
}
json federation() {
  return {{"type", "external_account"},
          {"audience", "//iam.googleapis.com/pool"},
          {"subject_token_type", "urn:ietf:params:oauth:token-type:jwt"},
          {"credential_source", {{"file", "/var/run/token"}}}};
}

json with(json key, const std::string& name, json value) {
  key[name] = std::move(value);
  return key;
}
json without(json key, const char* name) {
  key.erase(name);
  return key;
}

std::string error_of(const json& key) {
  Result<GoogleKey> parsed = parse_google_key(key.dump());
  return parsed ? "no error" : parsed.error().message;
}

TEST(GoogleKey, AServiceAccountsAddressIsGooglesUnlessItSaysAnother) {
  const auto token_uri = [](const json& key) {
    return std::get<GoogleServiceAccount>(parse_google_key(key.dump()).value()).token_uri.to_string();
  };
  EXPECT_EQ(token_uri(service_account()), "https://oauth2.googleapis.com/token");
  EXPECT_EQ(token_uri(with(service_account(), "token_uri", "https://google.example/t")), "https://google.example/t");
}

TEST(GoogleKey, AFederationMayLeadToAServiceAccount) {
  json key = federation();
  key["credential_source"]["format"] = {{"type", "json"}, {"subject_token_field_name", "access_token"}};
  key["service_account_impersonation_url"] = "https://iamcredentials.googleapis.com/v1/x:generateAccessToken";
  key["service_account_impersonation"] = {{"token_lifetime_seconds", 600}};
  const auto parsed = std::get<GoogleFederation>(parse_google_key(key.dump()).value());
  EXPECT_EQ(parsed.token_url.to_string(), "https://sts.googleapis.com/v1/token");
  EXPECT_EQ(parsed.subject_file, "/var/run/token");
  EXPECT_EQ(parsed.subject_field, "access_token");
  EXPECT_EQ(parsed.impersonation_url->host, "iamcredentials.googleapis.com");
  EXPECT_EQ(parsed.impersonation_life, std::chrono::minutes(10));
}

TEST(GoogleKey, WhatIsOfNoUseSaysWhy) {
  EXPECT_EQ(parse_google_key("hunter2").error().message, "is no JSON object");
  EXPECT_EQ(error_of(json::object()), "it has no type");
  EXPECT_EQ(error_of({{"type", "impersonated_service_account"}}),
            "its type impersonated_service_account is not supported; expected service_account, authorized_user or "
            "external_account");
  EXPECT_EQ(error_of(without(service_account(), "client_email")), "it has no client_email");
  EXPECT_EQ(error_of(without(service_account(), "private_key")), "it has no private_key");
  EXPECT_EQ(error_of(with(service_account(), "private_key", "hunter2")),
            "its private_key is no RSA key in PEM without a password");
  EXPECT_EQ(error_of(without(user(), "refresh_token")), "it has no refresh_token");
  EXPECT_EQ(error_of(without(federation(), "audience")), "it has no audience");
  EXPECT_EQ(error_of(with(federation(), "credential_source", {{"url", "http://x"}})),
            "its credential_source has no file; URLs, programs and AWS are not supported as sources");
  EXPECT_EQ(error_of(with(federation(), "credential_source", {{"file", "f"}, {"format", {{"type", "json"}}}})),
            "the format of its credential_source has no subject_token_field_name");
  for (const std::string name : {"workforce_pool_user_project", "client_id", "client_secret"}) {
    EXPECT_EQ(error_of(with(federation(), name, "hunter2")), "its " + name + " is not supported");
    EXPECT_EQ(error_of(with(federation(), name, nullptr)), "no error");
  }
  EXPECT_EQ(error_of(with(federation(), "service_account_impersonation", {{"token_lifetime_seconds", 5}})),
            "its token_lifetime_seconds is not from 600 to 43200");
}

TEST(GoogleKey, NoSecretLeavesInClearText) {
  EXPECT_EQ(error_of(with(service_account(), "token_uri", "http://google.example/t")),
            "its token_uri does not begin with https://");
  EXPECT_EQ(error_of(with(user(), "token_uri", "http://google.example/t")),
            "its token_uri does not begin with https://");
  EXPECT_EQ(error_of(with(federation(), "token_url", "http://google.example/t")),
            "its token_url does not begin with https://");
  EXPECT_EQ(error_of(with(federation(), "service_account_impersonation_url", "http://google.example/t")),
            "its service_account_impersonation_url does not begin with https://");
  EXPECT_EQ(error_of(with(user(), "token_uri", "http://127.0.0.1:5/t")), "no error");
}

}  // namespace
}  // namespace entrepot::upstream
