#include "upstream/credentials_google.hpp"

#include "unit/upstream/provider_fixture.hpp"
#include "unit/upstream/scripted_server.hpp"
#include "unit/upstream/signed_token.hpp"

namespace entrepot::upstream {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

// Google: its token endpoint, its exchange, its IAM, and the metadata service of a machine. Tokens are numbered.
class GoogleProviderTest : public ProviderTest {
 protected:
  test::Reply answer(const test::Seen& seen) {
    if (reply_) return *reply_;
    const std::string token = "ya29-" + std::to_string(++given_);
    if (seen.target == "/iam") return {.body = json{{"accessToken", token}, {"expireTime", "?"}}.dump()};
    return {.body = json{{"access_token", token}, {"expires_in", 3600}, {"token_type", "Bearer"}}.dump()};
  }

  json service_account(const test::RsaKey& key) {
    return {{"type", "service_account"},
            {"client_email", "me@project.iam.gserviceaccount.com"},
            {"private_key", key.pem()},
            {"private_key_id", "k1"},
            {"token_uri", google_.url("/token")}};
  }
  config::GoogleCredentials with_key(const json& key) { return {.key_file = replace("key.json", key.dump())}; }
  config::GoogleCredentials on_a_machine() { return {.metadata_host = google_.authority()}; }

  // What get() gives, after what is done behind it.
  std::string given_by(GoogleProvider& provider) {
    std::string text = account(provider);
    io_.restart();
    while (tasks_.running() > 0) io_.run_one();
    return text;
  }
  std::string error_of(const config::GoogleCredentials& config) {
    GoogleProvider provider(config, upstream_, context_);
    Result<std::optional<Credential>> credential = get(provider);
    EXPECT_FALSE(credential);
    if (credential) return "";
    EXPECT_EQ(credential.error().code, Errc::BadGateway);
    return credential.error().message;
  }

  config::Upstream upstream_;
  std::atomic<int> given_{0};
  std::optional<test::Reply> reply_;  // in place of a token
  test::ScriptedServer google_{[this](const test::Seen& seen) { return answer(seen); }};
  test::RsaKey rsa_;
};

TEST_F(GoogleProviderTest, AKeySignsAnAssertionThatItsPublicHalfVerifies) {
  GoogleProvider provider(with_key(service_account(rsa_)), upstream_, context_);
  EXPECT_EQ(account(provider), "oauth2accesstoken:ya29-1");
  ASSERT_EQ(google_.log().size(), 1u);
  const test::Seen seen = google_.log()[0];
  EXPECT_EQ(seen.method + " " + seen.target, "POST /token");
  EXPECT_EQ(seen.header("content-type"), "application/x-www-form-urlencoded");
  auto form = test::form_of(seen.body);
  EXPECT_EQ(form["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
  EXPECT_EQ(form.size(), 2u);
  const std::string assertion = form["assertion"];
  EXPECT_TRUE(rsa_.verifies(assertion));
  EXPECT_EQ(test::part_of(assertion, 0), (json{{"alg", "RS256"}, {"typ", "JWT"}, {"kid", "k1"}}));
  const std::int64_t now = std::chrono::duration_cast<std::chrono::seconds>(clock_.now().time_since_epoch()).count();
  EXPECT_EQ(test::part_of(assertion, 1), (json{{"iss", "me@project.iam.gserviceaccount.com"},
                                               {"scope", "https://www.googleapis.com/auth/devstorage.read_only"},
                                               {"aud", google_.url("/token")},
                                               {"iat", now - 10},
                                               {"exp", now - 10 + 3600}}));
}

TEST_F(GoogleProviderTest, AUsersRefreshTokenIsPosted) {
  GoogleProvider provider(with_key({{"type", "authorized_user"},
                                    {"client_id", "id.apps"},
                                    {"client_secret", "s3cret"},
                                    {"refresh_token", "1//r3fresh"},
                                    {"token_uri", google_.url("/token")}}),
                          upstream_, context_);
  EXPECT_EQ(account(provider), "oauth2accesstoken:ya29-1");
  EXPECT_EQ(test::form_of(google_.log().at(0).body),
            (std::map<std::string, std::string>{{"grant_type", "refresh_token"},
                                                {"client_id", "id.apps"},
                                                {"client_secret", "s3cret"},
                                                {"refresh_token", "1//r3fresh"}}));
}

TEST_F(GoogleProviderTest, AnotherIssuersTokenIsExchangedAsItIsAtThatTime) {
  GoogleProvider provider(with_key({{"type", "external_account"},
                                    {"audience", "//iam.googleapis.com/pool"},
                                    {"subject_token_type", "urn:ietf:params:oauth:token-type:jwt"},
                                    {"credential_source", {{"file", write("subject", "subject 1\n").string()}}},
                                    {"token_url", google_.url("/sts")}}),
                          upstream_, context_);
  EXPECT_EQ(given_by(provider), "oauth2accesstoken:ya29-1");
  EXPECT_EQ(
      test::form_of(google_.log("/sts").at(0).body),
      (std::map<std::string, std::string>{{"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
                                          {"requested_token_type", "urn:ietf:params:oauth:token-type:access_token"},
                                          {"audience", "//iam.googleapis.com/pool"},
                                          {"scope", "https://www.googleapis.com/auth/cloud-platform"},
                                          {"subject_token", "subject 1"},
                                          {"subject_token_type", "urn:ietf:params:oauth:token-type:jwt"}}));
  write("subject", "subject 2");
  clock_.advance(1h);
  EXPECT_EQ(given_by(provider), "oauth2accesstoken:ya29-2");
  EXPECT_EQ(test::form_of(google_.log("/sts").at(1).body)["subject_token"], "subject 2");
}

TEST_F(GoogleProviderTest, AFederatedTokenGetsThatOfAServiceAccount) {
  const std::string subject = write("subject", R"({"id":"from json"})").string();
  GoogleProvider provider(
      with_key({{"type", "external_account"},
                {"audience", "//iam.googleapis.com/pool"},
                {"subject_token_type", "urn:ietf:params:oauth:token-type:jwt"},
                {"credential_source",
                 {{"file", subject}, {"format", {{"type", "json"}, {"subject_token_field_name", "id"}}}}},
                {"token_url", google_.url("/sts")},
                {"service_account_impersonation_url", google_.url("/iam")}}),
      upstream_, context_);
  EXPECT_EQ(account(provider), "oauth2accesstoken:ya29-2");
  EXPECT_EQ(test::form_of(google_.log("/sts").at(0).body)["subject_token"], "from json");
  const test::Seen iam = google_.log("/iam").at(0);
  EXPECT_EQ(iam.header("authorization"), "Bearer ya29-1");
  EXPECT_EQ(json::parse(iam.body),
            (json{{"scope", {"https://www.googleapis.com/auth/devstorage.read_only"}}, {"lifetime", "3600s"}}));
}

TEST_F(GoogleProviderTest, WithoutAKeyTheMetadataServiceIsAsked) {
  GoogleProvider provider(on_a_machine(), upstream_, context_);
  EXPECT_EQ(account(provider), "oauth2accesstoken:ya29-1");
  const test::Seen seen = google_.log().at(0);
  EXPECT_EQ(seen.method + " " + seen.target, "GET /computeMetadata/v1/instance/service-accounts/default/token");
  EXPECT_EQ(seen.header("metadata-flavor"), "Google");
  EXPECT_EQ(seen.header("host"), google_.authority());
}

TEST_F(GoogleProviderTest, AMachinesAccountMayBeNamed) {
  config::GoogleCredentials config = on_a_machine();
  config.account = "me@project.iam.gserviceaccount.com";
  GoogleProvider provider(config, upstream_, context_);
  EXPECT_EQ(account(provider), "oauth2accesstoken:ya29-1");
  EXPECT_EQ(google_.log().at(0).target,
            "/computeMetadata/v1/instance/service-accounts/me@project.iam.gserviceaccount.com/token");
}

TEST_F(GoogleProviderTest, ATokenIsKeptAndRenewedBeforeItsEnd) {
  GoogleProvider provider(on_a_machine(), upstream_, context_);
  EXPECT_EQ(given_by(provider), "oauth2accesstoken:ya29-1");
  clock_.advance(44min);
  EXPECT_EQ(given_by(provider), "oauth2accesstoken:ya29-1");
  clock_.advance(2min);
  EXPECT_EQ(given_by(provider), "oauth2accesstoken:ya29-1");
  EXPECT_EQ(given_by(provider), "oauth2accesstoken:ya29-2");
  EXPECT_EQ(google_.log().size(), 2u);
}

TEST_F(GoogleProviderTest, WhileGoogleFailsTheTokenIsUsedToItsEnd) {
  GoogleProvider provider(on_a_machine(), upstream_, context_);
  EXPECT_EQ(given_by(provider), "oauth2accesstoken:ya29-1");
  reply_ = test::Reply{.status = 503, .body = "later"};
  clock_.advance(50min);
  testing::internal::CaptureStderr();
  EXPECT_EQ(given_by(provider), "oauth2accesstoken:ya29-1");
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("credentials_not_renewed"), std::string::npos) << log;
  EXPECT_NE(log.find("answered 503: later"), std::string::npos) << log;
  EXPECT_EQ(log.find("ya29"), std::string::npos) << log;
  clock_.advance(10min);
  EXPECT_EQ(given_by(provider), "Google's metadata service at " + google_.authority() + " answered 503: later");
}

TEST_F(GoogleProviderTest, ATokenThatIsRefusedIsReplaced) {
  GoogleProvider provider(on_a_machine(), upstream_, context_);
  EXPECT_EQ(given_by(provider), "oauth2accesstoken:ya29-1");
  const std::string owner = get(provider).value()->owner;
  clock_.advance(5s);
  provider.refused({"oauth2accesstoken", "ya29-1"});
  EXPECT_EQ(given_by(provider), "oauth2accesstoken:ya29-2");
  EXPECT_EQ(get(provider).value()->owner, owner);
}

TEST_F(GoogleProviderTest, AnotherKeyCountsSoonThoughTheOldOnesTokenIsGood) {
  GoogleProvider provider(with_key(service_account(rsa_)), upstream_, context_);
  EXPECT_EQ(given_by(provider), "oauth2accesstoken:ya29-1");
  const test::RsaKey other;
  with_key(service_account(other));
  clock_.advance(5s);
  EXPECT_EQ(given_by(provider), "oauth2accesstoken:ya29-2");
  EXPECT_TRUE(other.verifies(test::form_of(google_.log().at(1).body)["assertion"]));
  clock_.advance(5s);
  EXPECT_EQ(given_by(provider), "oauth2accesstoken:ya29-2");
}

TEST_F(GoogleProviderTest, AKeyFileThatIsOfNoUseStopsTheStartAndLaterLeavesTheLastKey) {
  const json key = service_account(rsa_);
  try {
    GoogleProvider provider(with_key({{"type", "gdch_service_account"}}), upstream_, context_);
    ADD_FAILURE() << "it started";
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(std::string(error.what())
                  .find("Google key file: " + (dir_.path() / "key.json").string() +
                        ": its type gdch_service_account is not supported"),
              0u)
        << error.what();
  }
  EXPECT_THROW(GoogleProvider({.key_file = "/nowhere/key.json"}, upstream_, context_), std::runtime_error);
  GoogleProvider provider(with_key(key), upstream_, context_);
  EXPECT_EQ(given_by(provider), "oauth2accesstoken:ya29-1");
  with_key({{"type", "service_account"}, {"private_key", "hunter2"}});
  clock_.advance(5s);
  testing::internal::CaptureStderr();
  EXPECT_EQ(given_by(provider), "oauth2accesstoken:ya29-1");
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("credentials_not_read"), std::string::npos) << log;
  EXPECT_EQ(log.find("hunter2"), std::string::npos) << log;
}

TEST_F(GoogleProviderTest, ARefusalSaysWhyAndHoldsNoSecret) {
  const json key = service_account(rsa_);
  test::ScriptedServer mirror([](const test::Seen& seen) {
    const std::string assertion = test::form_of(seen.body)["assertion"];
    return test::Reply{
        .status = 400,
        .body = json{{"error", "invalid_grant"}, {"error_description", "Invalid JWT: " + assertion + " Signature."}}
                    .dump()};
  });
  json elsewhere = key;
  elsewhere["token_uri"] = mirror.url("/token");
  EXPECT_EQ(error_of(with_key(elsewhere)), "Google's token endpoint at " + mirror.authority() +
                                               " answered 400: invalid_grant: Invalid JWT: *** Signature.");
}

TEST_F(GoogleProviderTest, WhereNobodyIsTheErrorSaysWhoIsMissing) {
  const std::string message = error_of({.metadata_host = "127.0.0.1:1"});
  EXPECT_EQ(message.find("Google's metadata service at 127.0.0.1:1: "), 0u) << message;
  reply_ = test::Reply{.body = "<html>a captive portal</html>"};
  EXPECT_EQ(error_of(on_a_machine()),
            "Google's metadata service at " + google_.authority() + " answered 200 without a JSON object");
}

TEST_F(GoogleProviderTest, ASubjectTokenThatIsNotThereIsNamed) {
  json key{{"type", "external_account"},
           {"audience", "//iam.googleapis.com/pool"},
           {"subject_token_type", "urn:ietf:params:oauth:token-type:jwt"},
           {"credential_source", {{"file", "/nowhere/subject"}}},
           {"token_url", google_.url("/sts")}};
  GoogleProvider provider(with_key(key), upstream_, context_);
  EXPECT_EQ(account(provider), "cannot read /nowhere/subject: No such file or directory");
  const std::string file = write("subject", "hunter2").string();
  key["credential_source"] = {{"file", file}, {"format", {{"type", "json"}, {"subject_token_field_name", "id"}}}};
  GoogleProvider other(with_key(key), upstream_, context_);
  EXPECT_EQ(account(other), file + " has no text in its field id");
}

}  // namespace
}  // namespace entrepot::upstream
