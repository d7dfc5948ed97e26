// Upstreams that want to know who asks: tokens are fetched and kept, credentials go where they belong and nowhere else.
#include <fstream>

#include "functional/daemon_test.hpp"

namespace entrepot::test {
namespace {

class TokensTest : public DaemonTest {
 protected:
  TokensTest() { hub_.push("library/app", "1", image_); }

  void use_credentials(std::vector<std::string> realms = {}) {
    hub_config().credentials = config::Credentials{config::BasicCredentials{"me", "s3cret"}, std::move(realms)};
  }
  // Every authorization that the registry has seen at its token endpoint, "" for none.
  static std::vector<std::string> shown_to(FakeRegistry& realm) {
    std::vector<std::string> found;
    for (const LoggedRequest& request : realm.log().requests("", "/token")) found.push_back(request.authorization());
    return found;
  }

  Object layer_ = make_blob(100'000);
  Image image_ = make_image({layer_});
  std::string manifest_ = manifest_path("library/app", "1");
  std::string blob_ = blob_path("library/app", layer_.digest);
  std::string me_ = basic_authorization("me:s3cret");
};

TEST_F(TokensTest, AnAnonymousTokenIsFetchedOnceForARepository) {
  hub_.require_tokens();
  start();
  EXPECT_EQ(get(manifest_).body, image_.manifest.text());
  EXPECT_EQ(get(blob_).body, layer_.text());
  EXPECT_EQ(get(manifest_).status, 200);
  EXPECT_EQ(hub_.log().count("GET", "/token"), 1u);
  LoggedRequest token = hub_.log().requests("GET", "/token").at(0);
  EXPECT_EQ(query_value(token.query, "scope"), "repository:library/app:pull");
  EXPECT_EQ(query_value(token.query, "service"), "fake");
  EXPECT_EQ(token.authorization(), "");
}

TEST_F(TokensTest, PullsAtOnceShareATokenRequest) {
  hub_.require_tokens();
  GatePtr gate = make_gate();
  hub_.add({.path = "/token", .hold = gate});
  start();
  std::vector<HttpConnection> clients;
  for (int i = 0; i < 10; ++i) clients.emplace_back(port());
  for (std::size_t i = 0; i < clients.size(); ++i) clients[i].send("GET", i % 2 == 0 ? manifest_ : blob_);
  ASSERT_TRUE(gate->await());
  settle();
  gate->open();
  for (HttpConnection& client : clients) EXPECT_EQ(client.read_reply().status, 200);
  EXPECT_EQ(hub_.log().count("GET", "/token"), 1u);
}

TEST_F(TokensTest, CredentialsGoToARealmOnTheUpstreamsHost) {
  FakeRegistry realm;  // the same host, another port
  hub_.require_tokens({.credentials = "me:s3cret"}, &realm);
  use_credentials();
  start();
  EXPECT_EQ(get(manifest_).body, image_.manifest.text());
  EXPECT_EQ(shown_to(realm), std::vector<std::string>{me_});
  stop();
}

TEST_F(TokensTest, CredentialsDoNotGoToARealmElsewhere) {
  FakeRegistry realm({.host = "127.0.0.2"});
  hub_.require_tokens({}, &realm);
  use_credentials();
  start();
  EXPECT_EQ(get(manifest_).status, 200);  // an anonymous token was enough
  EXPECT_EQ(shown_to(realm), std::vector<std::string>{""});
  stop();
}

TEST_F(TokensTest, CredentialsGoToARealmThatIsListed) {
  FakeRegistry realm({.host = "127.0.0.2"});
  hub_.require_tokens({.credentials = "me:s3cret"}, &realm);
  use_credentials({"127.0.0.2"});
  start();
  EXPECT_EQ(get(manifest_).status, 200);
  EXPECT_EQ(shown_to(realm), std::vector<std::string>{me_});
  stop();
}

TEST_F(TokensTest, NoCredentialFollowsARedirect) {
  FakeRegistry storage({.host = "127.0.0.2"});
  hub_.require_tokens({.credentials = "me:s3cret"});
  hub_.redirect_blobs_to(storage);
  use_credentials();
  start();
  EXPECT_EQ(get(blob_).body, layer_.text());
  for (const LoggedRequest& request : storage.log().requests()) EXPECT_EQ(request.authorization(), "");
  stop();
}

TEST_F(TokensTest, ARefusalAtTheTokenEndpointIsARefusal) {
  hub_.require_tokens();
  use_credentials();
  start();
  for (unsigned status : {401u, 403u}) {
    auto rule = hub_.add({.path = "/token", .answer = CannedAnswer{status}});
    Reply reply = get(manifest_);
    EXPECT_EQ(reply.status, 403) << status;
    EXPECT_NE(reply.body.find("DENIED"), std::string::npos);
    EXPECT_EQ(reply.body.find("s3cret"), std::string::npos);
    EXPECT_FALSE(reply.has("WWW-Authenticate"));
    hub_.remove(rule);
  }
  EXPECT_EQ(get(manifest_).status, 200);
}

TEST_F(TokensTest, ATokenIsRenewedWhenItsTimeIsOver) {
  hub_.require_tokens({.expires_in = 300});
  start();
  EXPECT_EQ(get(manifest_).status, 200);
  clock_.advance(400s);
  EXPECT_EQ(get(manifest_).status, 200);
  EXPECT_EQ(hub_.log().count("GET", "/token"), 2u);
}

TEST_F(TokensTest, ATokenThatIsRefusedBeforeItsTimeIsReplacedOnce) {
  hub_.require_tokens();
  start();
  EXPECT_EQ(get(manifest_).status, 200);
  hub_.revoke_tokens();
  EXPECT_EQ(get(blob_).body, layer_.text());
  EXPECT_EQ(hub_.log().count("GET", "/token"), 2u);
}

TEST_F(TokensTest, ATokenThatNeverWorksIsARefusalAndNoLoop) {
  hub_.require_tokens({.lifetime = 0s});
  start();
  EXPECT_EQ(get(manifest_).status, 403);
  EXPECT_LE(hub_.log().count("GET", "/token"), 2u);
}

TEST_F(TokensTest, BasicAuthenticationIsUsedWhereItIsAskedFor) {
  hub_.require_basic("me:s3cret");
  use_credentials();
  start();
  EXPECT_EQ(get(manifest_).body, image_.manifest.text());
  EXPECT_EQ(get(blob_).body, layer_.text());
}

TEST_F(TokensTest, ThePasswordIsReadFromAFile) {
  std::filesystem::path file = dir_.path() / "password";
  std::ofstream(file) << "s3cret\n";
  hub_.require_tokens({.credentials = "me:s3cret"});
  hub_config().credentials = config::Credentials{config::BasicCredentials{"me", "", file}};
  start();
  EXPECT_EQ(get(manifest_).status, 200);
}

TEST_F(TokensTest, AnotherUpstreamsCredentialsAreNotUsed) {
  use_credentials();
  ghcr_.require_tokens();
  ghcr_.push("team/app", "1", image_);
  start();
  EXPECT_EQ(get("/v2/ghcr.io/team/app/manifests/1").status, 200);
  EXPECT_EQ(shown_to(ghcr_), std::vector<std::string>{""});
}

TEST_F(TokensTest, AClientsAuthorizationIsNotPassedOn) {
  start();
  EXPECT_EQ(get(manifest_, {{"Authorization", "Basic eW91OnlvdQ=="}}).status, 200);
  for (const LoggedRequest& request : hub_.log().requests()) EXPECT_EQ(request.authorization(), "");
}

}  // namespace
}  // namespace entrepot::test
