#include "upstream/credentials_acr.hpp"

#include "unit/upstream/provider_fixture.hpp"
#include "unit/upstream/scripted_server.hpp"
#include "unit/upstream/signed_token.hpp"

namespace entrepot::upstream {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using Fields = std::map<std::string, std::string>;

constexpr char kResource[] = "https%3A%2F%2Fcontainerregistry.azure.net";

// Microsoft Entra, which numbers its tokens, and a registry, which says in each of its own which of Entra's it had.
class AcrProviderTest : public ProviderTest {
 protected:
  AcrProviderTest() { upstream_.urls = {registry_.url()}; }

  test::Reply entra(const test::Seen&) {
    if (entra_reply_) return *entra_reply_;
    return {.body = json{{"access_token", "eyJ-entra-" + std::to_string(++given_)}, {"expires_in", "86399"}}.dump()};
  }
  test::Reply registry(const test::Seen& seen) {
    if (registry_reply_) return *registry_reply_;
    json claims{{"for", test::form_of(seen.body)["access_token"]}, {"iat", 1000}};
    if (says_life_) claims["exp"] = 1000 + 3 * 3600;
    return {.body = json{{"refresh_token", test::web_token(claims)}}.dump()};
  }

  config::AcrCredentials by_secret() {
    return {.proof = config::EntraSecret{"s3cr+t"}, .tenant = "t1", .client_id = "c1", .authority = entra_.url("/")};
  }
  config::AcrCredentials by_federation() {
    return {.proof = config::EntraFederation{write("federated", "assertion 1\n")},
            .tenant = "t1",
            .client_id = "c1",
            .authority = entra_.url()};
  }
  config::AcrCredentials by_machine() {
    return {.proof = config::EntraManagedIdentity{.url = entra_.url("/metadata/identity/oauth2/token")}};
  }

  // Which of Entra's tokens the registry has taken for what get() gives; else the error.
  std::string given_by(AcrProvider& provider) {
    Result<std::optional<Credential>> credential = get(provider);
    io_.restart();
    while (tasks_.running() > 0) io_.run_one();
    if (!credential) return credential.error().message;
    EXPECT_EQ((*credential)->kind, Credential::Kind::IdentityToken);
    EXPECT_EQ((*credential)->username, "");
    last_ = **credential;
    return test::part_of((*credential)->secret, 1).value("for", "");
  }
  std::string error_of(const config::AcrCredentials& config) {
    AcrProvider provider(config, upstream_, context_);
    return given_by(provider);
  }

  std::atomic<int> given_{0};
  std::optional<test::Reply> entra_reply_;     // in place of a token
  std::optional<test::Reply> registry_reply_;  // likewise
  bool says_life_ = true;
  test::ScriptedServer entra_{[this](const test::Seen& seen) { return entra(seen); }};
  test::ScriptedServer registry_{[this](const test::Seen& seen) { return registry(seen); }};
  config::Upstream upstream_;
  Credential last_;
};

TEST_F(AcrProviderTest, AClientSecretGetsATokenThatTheRegistryExchanges) {
  AcrProvider provider(by_secret(), upstream_, context_);
  EXPECT_EQ(given_by(provider), "eyJ-entra-1");
  const test::Seen asked = entra_.log().at(0);
  EXPECT_EQ(asked.method + " " + asked.target, "POST /t1/oauth2/v2.0/token");
  EXPECT_EQ(test::form_of(asked.body), (Fields{{"grant_type", "client_credentials"},
                                               {"client_id", "c1"},
                                               {"client_secret", "s3cr+t"},
                                               {"scope", "https://containerregistry.azure.net/.default"}}));
  const test::Seen exchanged = registry_.log().at(0);
  EXPECT_EQ(exchanged.method + " " + exchanged.target, "POST /oauth2/exchange");
  EXPECT_EQ(exchanged.header("authorization"), "");
  EXPECT_EQ(test::form_of(exchanged.body), (Fields{{"grant_type", "access_token"},
                                                   {"service", "127.0.0.1"},
                                                   {"tenant", "t1"},
                                                   {"access_token", "eyJ-entra-1"}}));
}

TEST_F(AcrProviderTest, ASecretInAFileCountsAsItIsThen) {
  config::AcrCredentials config = by_secret();
  config.proof = config::EntraSecret{"", write("secret", "one\n")};
  AcrProvider provider(config, upstream_, context_);
  EXPECT_EQ(given_by(provider), "eyJ-entra-1");
  write("secret", "two\n");
  clock_.advance(3h);
  EXPECT_EQ(given_by(provider), "eyJ-entra-2");
  EXPECT_EQ(test::form_of(entra_.log().at(0).body)["client_secret"], "one");
  EXPECT_EQ(test::form_of(entra_.log().at(1).body)["client_secret"], "two");
}

TEST_F(AcrProviderTest, AFederatedTokenIsReadEachTime) {
  AcrProvider provider(by_federation(), upstream_, context_);
  EXPECT_EQ(given_by(provider), "eyJ-entra-1");
  EXPECT_EQ(test::form_of(entra_.log().at(0).body),
            (Fields{{"grant_type", "client_credentials"},
                    {"client_id", "c1"},
                    {"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
                    {"client_assertion", "assertion 1"},
                    {"scope", "https://containerregistry.azure.net/.default"}}));
  write("federated", "assertion 2");
  clock_.advance(3h);
  EXPECT_EQ(given_by(provider), "eyJ-entra-2");
  EXPECT_EQ(test::form_of(entra_.log().at(1).body)["client_assertion"], "assertion 2");
}

TEST_F(AcrProviderTest, AMachinesIdentityIsAskedOfItsMetadataService) {
  AcrProvider provider(by_machine(), upstream_, context_);
  EXPECT_EQ(given_by(provider), "eyJ-entra-1");
  const test::Seen seen = entra_.log().at(0);
  EXPECT_EQ(seen.method, "GET");
  EXPECT_EQ(seen.target, std::string("/metadata/identity/oauth2/token?api-version=2018-02-01&resource=") + kResource);
  EXPECT_EQ(seen.header("metadata"), "true");
  EXPECT_FALSE(test::form_of(registry_.log().at(0).body).contains("tenant"));
}

TEST_F(AcrProviderTest, AMachinesIdentityMayBeNamed) {
  config::AcrCredentials config = by_machine();
  config.client_id = "c 1";
  AcrProvider provider(config, upstream_, context_);
  EXPECT_EQ(given_by(provider), "eyJ-entra-1");
  EXPECT_TRUE(entra_.log().at(0).target.ends_with(std::string(kResource) + "&client_id=c%201"));
}

TEST_F(AcrProviderTest, AppServiceHasAnEndpointAndAHeaderOfItsOwn) {
  config::AcrCredentials config = by_machine();
  config.proof = config::EntraManagedIdentity{.url = entra_.url("/msi/token"), .header = "h3ader"};
  AcrProvider provider(config, upstream_, context_);
  EXPECT_EQ(given_by(provider), "eyJ-entra-1");
  const test::Seen seen = entra_.log().at(0);
  EXPECT_EQ(seen.target, std::string("/msi/token?api-version=2019-08-01&resource=") + kResource);
  EXPECT_EQ(seen.header("x-identity-header"), "h3ader");
  EXPECT_EQ(seen.header("metadata"), "");
}

TEST_F(AcrProviderTest, ARefreshTokenIsKeptAndRenewedBeforeTheEndThatItNames) {
  AcrProvider provider(by_secret(), upstream_, context_);
  EXPECT_EQ(given_by(provider), "eyJ-entra-1");
  clock_.advance(2h + 44min);
  EXPECT_EQ(given_by(provider), "eyJ-entra-1");
  EXPECT_EQ(registry_.log().size(), 1u);
  clock_.advance(2min);
  EXPECT_EQ(given_by(provider), "eyJ-entra-1");
  EXPECT_EQ(given_by(provider), "eyJ-entra-2");
  EXPECT_EQ(registry_.log().size(), 2u);
}

TEST_F(AcrProviderTest, ARefreshTokenThatNamesNoEndIsGoodForAnHour) {
  says_life_ = false;
  AcrProvider provider(by_secret(), upstream_, context_);
  EXPECT_EQ(given_by(provider), "eyJ-entra-1");
  clock_.advance(44min);
  EXPECT_EQ(given_by(provider), "eyJ-entra-1");
  EXPECT_EQ(registry_.log().size(), 1u);
  clock_.advance(16min);
  EXPECT_EQ(given_by(provider), "eyJ-entra-2");
}

TEST_F(AcrProviderTest, ARefreshTokenThatIsRefusedIsReplaced) {
  AcrProvider provider(by_secret(), upstream_, context_);
  EXPECT_EQ(given_by(provider), "eyJ-entra-1");
  const std::string owner = last_.owner;
  clock_.advance(5s);
  provider.refused(last_);
  EXPECT_EQ(given_by(provider), "eyJ-entra-2");
  EXPECT_EQ(last_.owner, owner);
}

TEST_F(AcrProviderTest, WhileEntraFailsTheRefreshTokenIsUsedToItsEnd) {
  AcrProvider provider(by_secret(), upstream_, context_);
  EXPECT_EQ(given_by(provider), "eyJ-entra-1");
  entra_reply_ = test::Reply{.status = 503, .body = ""};
  clock_.advance(2h + 50min);
  testing::internal::CaptureStderr();
  EXPECT_EQ(given_by(provider), "eyJ-entra-1");
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("credentials_not_renewed"), std::string::npos) << log;
  EXPECT_EQ(log.find("s3cr+t"), std::string::npos) << log;
  clock_.advance(10min);
  EXPECT_EQ(given_by(provider), "Microsoft Entra at " + entra_.authority() + " answered 503");
}

TEST_F(AcrProviderTest, ARefusalSaysWhoseItIsAndHoldsNoSecret) {
  entra_reply_ = test::Reply{
      .status = 401, .body = R"({"error":"invalid_client","error_description":"AADSTS7000215: s3cr+t is wrong."})"};
  EXPECT_EQ(error_of(by_secret()),
            "Microsoft Entra at " + entra_.authority() + " answered 401: invalid_client: AADSTS7000215: *** is wrong.");
  entra_reply_->body = R"({"error":"invalid_client","error_description":"assertion%201 or assertion 1"})";
  EXPECT_EQ(error_of(by_federation()),
            "Microsoft Entra at " + entra_.authority() + " answered 401: invalid_client: *** or ***");
  entra_reply_.reset();
  registry_reply_ = test::Reply{
      .status = 401, .body = R"({"errors":[{"code":"UNAUTHORIZED","message":"eyJ-entra-1 has no rights here"}]})"};
  EXPECT_EQ(error_of(by_machine()),
            "the token exchange at " + registry_.authority() + " answered 401: UNAUTHORIZED: *** has no rights here");
}

TEST_F(AcrProviderTest, TheExchangeIsAtTheRegistryWhateverThePathOfItsUrl) {
  upstream_.urls = {registry_.url("/mirror/of")};
  AcrProvider provider(by_secret(), upstream_, context_);
  EXPECT_EQ(given_by(provider), "eyJ-entra-1");
  EXPECT_EQ(registry_.log().at(0).target, "/oauth2/exchange");
}

TEST_F(AcrProviderTest, ARedirectOfTheExchangeIsNotFollowed) {
  test::ScriptedServer other([](const test::Seen&) { return test::Reply{.body = R"({"refresh_token":"x"})"}; });
  registry_reply_ = test::Reply{.status = 307, .headers = {{"Location", other.url("/oauth2/exchange")}}};
  EXPECT_EQ(error_of(by_secret()), "the token exchange at " + registry_.authority() + " answered 307");
  EXPECT_TRUE(other.log().empty());
}

TEST_F(AcrProviderTest, AFileThatIsNotThereOrAWayInClearTextStopsTheStart) {
  config::AcrCredentials config = by_secret();
  config.proof = config::EntraSecret{"", "/nowhere/secret"};
  EXPECT_THROW(AcrProvider(config, upstream_, context_), std::runtime_error);
  config.proof = config::EntraFederation{"/nowhere/token"};
  EXPECT_THROW(AcrProvider(config, upstream_, context_), std::runtime_error);
  config = by_secret();
  config.authority = "http://login.example.com";
  EXPECT_THROW(AcrProvider(config, upstream_, context_), std::runtime_error);
  upstream_.urls = {"http://contoso.azurecr.io"};
  EXPECT_THROW(AcrProvider(by_secret(), upstream_, context_), std::runtime_error);
}

}  // namespace
}  // namespace entrepot::upstream
