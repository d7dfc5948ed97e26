// Accounts that clouds hand out: from the file's keys, and else from the environment.
#include "unit/config/parsed.hpp"

namespace entrepot::config {
namespace {

using Variables = std::map<std::string, std::string>;
using Lines = std::vector<std::string>;

std::string with(const std::string& keys) { return "upstreams: {docker.io: {credentials: {" + keys + "}}}"; }

template <class T>
T account(const std::string& keys, Variables variables = {}) {
  const Config config = config_of(with(keys), environment_of(std::move(variables)));
  return std::get<T>(config.upstreams.at("docker.io").credentials->account);
}

Lines faults(const std::string& keys, Variables variables = {}) {
  return faults_in(with(keys), environment_of(std::move(variables)));
}
std::string fault(const std::string& key, const std::string& message) {
  return "1: upstreams.docker.io.credentials" + (key.empty() ? key : "." + key) + ": " + message;
}

GoogleCredentials google(const std::string& keys, Variables variables = {}) {
  return account<GoogleCredentials>("type: google" + keys, std::move(variables));
}
AcrCredentials acr(const std::string& keys, Variables variables = {}) {
  return account<AcrCredentials>("type: acr" + keys, std::move(variables));
}

constexpr char kEntra[] = "https://login.microsoftonline.com";
const Variables kApplication{{"AZURE_TENANT_ID", "t"}, {"AZURE_CLIENT_ID", "c"}};
Variables application(Variables more) {
  more.insert(kApplication.begin(), kApplication.end());
  return more;
}

TEST(GoogleAccount, IsOfAKeyFileElseOfTheMachine) {
  const Variables file{{"GOOGLE_APPLICATION_CREDENTIALS", "/adc.json"}};
  EXPECT_EQ(google(""), GoogleCredentials{});
  EXPECT_EQ(google("", file), (GoogleCredentials{.key_file = "/adc.json"}));
  EXPECT_EQ(google(", key_file: k.json", file), (GoogleCredentials{.key_file = "k.json"}));
  EXPECT_EQ(google(", account: me@p.iam.gserviceaccount.com", file),
            (GoogleCredentials{.account = "me@p.iam.gserviceaccount.com"}));
}

TEST(GoogleAccount, TheMetadataServiceMayBeElsewhere) {
  EXPECT_EQ(google("", {{"GCE_METADATA_HOST", "169.254.169.254:8080"}}).metadata_host, "169.254.169.254:8080");
  EXPECT_EQ(google("").metadata_host, "metadata.google.internal");
  EXPECT_EQ(faults("type: google", {{"GCE_METADATA_HOST", "http://x"}}),
            Lines{fault("", "GCE_METADATA_HOST in the environment: expected a host, with a port where it has one")});
}

TEST(GoogleAccount, Faults) {
  EXPECT_EQ(faults("type: google, account: 'a/../b'"),
            Lines{fault("account", "expected default, or the email address of a service account; found \"a/../b\"")});
  EXPECT_EQ(faults("type: google, key_file: k, account: default"),
            Lines{fault("account", "has no effect with a key_file, which says whose it is")});
  EXPECT_EQ(faults("type: google, password: hunter2"),
            Lines{fault("password", "belongs to type: basic; this is type: google")});
  EXPECT_EQ(faults("username: u, password: p, key_file: k"),
            Lines{fault("key_file", "belongs to type: google; this is type: basic")});
}

TEST(AcrAccount, IsProvedByTheFirstThatThereIs) {
  const Variables secret = application({{"AZURE_CLIENT_SECRET", "s"}, {"AZURE_FEDERATED_TOKEN_FILE", "/token"}});
  const Variables federation = application({{"AZURE_FEDERATED_TOKEN_FILE", "/token"}});
  const auto proof = [](const std::string& keys, const Variables& variables) { return acr(keys, variables).proof; };
  using Proof = decltype(AcrCredentials::proof);
  EXPECT_EQ(proof("", secret), Proof(EntraSecret{"s"}));
  EXPECT_EQ(proof(", client_secret: k", secret), Proof(EntraSecret{"k"}));
  EXPECT_EQ(proof(", client_secret_file: f", secret), Proof(EntraSecret{"", "f"}));
  EXPECT_EQ(proof(", federated_token_file: f", secret), Proof(EntraFederation{"f"}));
  EXPECT_EQ(proof("", federation), Proof(EntraFederation{"/token"}));
  EXPECT_EQ(proof("", kApplication),
            Proof(EntraManagedIdentity{.url = "http://169.254.169.254/metadata/identity/oauth2/token"}));
}

TEST(AcrAccount, KeysComeBeforeTheEnvironment) {
  const Variables secret = application({{"AZURE_CLIENT_SECRET", "s"}});
  EXPECT_EQ(acr("", secret), (AcrCredentials{EntraSecret{"s"}, "t", "c", kEntra}));
  EXPECT_EQ(acr(", tenant: x, client_id: y", secret), (AcrCredentials{EntraSecret{"s"}, "x", "y", kEntra}));
}

TEST(AcrAccount, AnotherCloudHasAnotherAuthority) {
  EXPECT_EQ(acr("", application({{"AZURE_AUTHORITY_HOST", "https://login.chinacloudapi.cn/"}})).authority,
            "https://login.chinacloudapi.cn/");
  const Lines lines = faults("type: acr", {{"AZURE_AUTHORITY_HOST", "login.chinacloudapi.cn"}});
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("AZURE_AUTHORITY_HOST in the environment: expected a URL"), std::string::npos) << lines[0];
}

TEST(AcrAccount, TheMachinesIdentityServiceIsThatOfItsEnvironment) {
  using Proof = decltype(AcrCredentials::proof);
  EXPECT_EQ(acr("", {{"IDENTITY_ENDPOINT", "http://127.0.0.1:5/msi/token"}, {"IDENTITY_HEADER", "h"}}).proof,
            Proof(EntraManagedIdentity{.url = "http://127.0.0.1:5/msi/token", .header = "h"}));
  EXPECT_EQ(acr("", {{"AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:5/"}}).proof,
            Proof(EntraManagedIdentity{.url = "http://127.0.0.1:5/metadata/identity/oauth2/token"}));
  EXPECT_EQ(faults("type: acr", {{"IDENTITY_ENDPOINT", "http://127.0.0.1:5"}, {"IDENTITY_HEADER", "hunter2\r\nX: y"}}),
            Lines{fault("", "IDENTITY_HEADER in the environment: cannot be sent in a header")});
}

TEST(AcrAccount, Faults) {
  EXPECT_EQ(faults("type: acr, client_secret: hunter2"),
            (Lines{fault("tenant", "is missing, and AZURE_TENANT_ID is not set"),
                   fault("client_id", "is missing, and AZURE_CLIENT_ID is not set")}));
  EXPECT_EQ(faults("type: acr, tenant: t, client_id: c, client_secret: hunter2, client_secret_file: f"),
            Lines{fault("", "expected either client_secret or client_secret_file, not both")});
  EXPECT_EQ(faults("type: acr, tenant: t, client_id: c, client_secret: hunter2, federated_token_file: f"),
            Lines{fault("federated_token_file", "has no effect with a client secret")});
  EXPECT_EQ(faults("type: acr, username: u"), Lines{fault("username", "belongs to type: basic; this is type: acr")});
  for (const char* name : {"tenant", "client_id", "client_secret", "client_secret_file", "federated_token_file"}) {
    EXPECT_EQ(faults("type: google, " + std::string(name) + ": hunter2"),
              Lines{fault(name, "belongs to type: acr; this is type: google")});
  }
}

TEST(AcrAccount, IsThatOfOneRegistry) {
  EXPECT_EQ(faults_in("upstreams: {docker.io: {url: ['https://a', 'https://b'], credentials: {type: acr}}}"),
            Lines{fault("", "type: acr is an account at one registry, and this upstream has several URLs")});
}

TEST(AcrAccount, GoesToNoRegistryInClearText) {
  const auto with = [](const std::string& url) {
    return faults_in("upstreams: {docker.io: {url: '" + url + "', credentials: {type: acr}}}");
  };
  for (const char* url : {"http://contoso.azurecr.io", "http://127.example.com", "http://10.0.0.1:5000/x",
                          "http://[fd00::1]:5000", "http://localhost.example.com"}) {
    ASSERT_EQ(with(url).size(), 1u) << url;
    EXPECT_NE(with(url)[0].find("upstreams.docker.io.url: begins with http://"), std::string::npos) << with(url)[0];
  }
  for (const char* url :
       {"https://contoso.azurecr.io", "http://127.0.0.1:5000/x", "http://[::1]:5000", "http://localhost:5000"}) {
    EXPECT_EQ(with(url), Lines{}) << url;
  }
}

}  // namespace
}  // namespace entrepot::config
