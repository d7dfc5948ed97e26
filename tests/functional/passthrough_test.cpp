// `access: passthrough`: what a client may see is what the upstream lets its own account see.
#include "functional/daemon_test.hpp"

namespace entrepot::test {
namespace {

const std::string kAnn = "ann:s3:cret";
const std::string kBob = "bob:pa55word";

HeaderList as(const std::string& account) { return {{"Authorization", basic_authorization(account)}}; }

class PassthroughTest : public DaemonTest {
 protected:
  PassthroughTest() {
    hub_config().passthrough.emplace();
    hub_.push("team/app", "1", image_);
    hub_.push("team/web", "1", image_);
    allow({{kAnn, {"team/app", "team/web"}}, {kBob, {}}});
  }

  void allow(std::map<std::string, std::set<std::string>> accounts) {
    hub_.require_tokens({.accounts = std::move(accounts)});
  }

  Reply manifest(const std::string& account, const std::string& reference = "1") {
    return get(manifest_path("team/app", reference), as(account));
  }
  Reply blob(const std::string& account) { return get(layer_path_, as(account)); }

  Object layer_ = make_blob(300'000);
  Image image_ = make_image({layer_});
  std::string layer_path_ = blob_path("team/app", layer_.digest);
  GatePtr gate_ = make_gate();
};

TEST_F(PassthroughTest, WithoutAnAccountAClientIsAskedForOne) {
  start();
  for (const std::string& path : {std::string("/v2/"), std::string("/v2/_catalog"), manifest_path("team/app", "1"),
                                  layer_path_, std::string("/v2/team/app/tags/list")}) {
    for (const HeaderList& headers : {HeaderList{}, HeaderList{{"Authorization", "Bearer abc"}},
                                      HeaderList{{"Authorization", "Basic !"}}, as("no-colon"), as("ann:")}) {
      Reply reply = get(path, headers);
      EXPECT_EQ(reply.status, 401) << path;
      EXPECT_EQ(reply.header("WWW-Authenticate"), R"(Basic realm="entrepot")");
      EXPECT_NE(reply.body.find("UNAUTHORIZED"), std::string::npos);
    }
  }
  EXPECT_EQ(hub_.log().count("", "*"), 0u);
}

TEST_F(PassthroughTest, UpstreamsThatAreSharedAskForNothingAndGetNoClientsAccount) {
  ghcr_.push("org/app", "1", image_);
  start();
  EXPECT_EQ(get("/ghcr.io/v2/").status, 200);
  EXPECT_EQ(get(manifest_path("ghcr.io/org/app", "1"), as(kAnn)).body, image_.manifest.text());
  for (const LoggedRequest& request : ghcr_.log().requests()) EXPECT_EQ(request.authorization(), "");
}

TEST_F(PassthroughTest, AClientSeesWhatItsAccountDoesAndAnotherDoesNot) {
  start();
  EXPECT_EQ(manifest(kAnn).body, image_.manifest.text());
  EXPECT_EQ(blob(kAnn).body, layer_.text());
  for (int i = 0; i < 2; ++i) {
    for (const std::string& path : {manifest_path("team/app", "1"), manifest_path("team/app", image_.manifest.digest),
                                    layer_path_, std::string("/v2/team/app/tags/list")}) {
      Reply refused = get(path, as(kBob));
      EXPECT_EQ(refused.status, 403) << path;
      EXPECT_EQ(refused.body.find(layer_.digest), std::string::npos);
      EXPECT_EQ(head(path, as(kBob)).status, 403) << path;
    }
  }
  EXPECT_EQ(blob("ann:wrong").status, 403);
  EXPECT_EQ(blob(kAnn).body, layer_.text());
}

TEST_F(PassthroughTest, ASecondClientThatMaySeeItIsServedFromTheStore) {
  allow({{kAnn, {"team/app"}}, {kBob, {"team/app"}}});
  start();
  EXPECT_EQ(manifest(kAnn).header("Cache-Status"), kMiss);
  EXPECT_EQ(blob(kAnn).header("Cache-Status"), kMiss);
  hub_.log().clear();
  Reply reply = blob(kBob);
  EXPECT_EQ(reply.body, layer_.text());
  EXPECT_EQ(reply.header("Cache-Status"), kHit);
  EXPECT_EQ(manifest(kBob, image_.manifest.digest).header("Cache-Status"), kHit);
  EXPECT_EQ(hub_.log().bytes_sent("*/blobs/*"), 0u);
  EXPECT_EQ(hub_.log().count("GET", "/v2/*/manifests/*"), 0u);
}

TEST_F(PassthroughTest, ADownloadIsSharedByThoseWhoMaySeeIt) {
  allow({{kAnn, {"team/app"}}, {kBob, {"team/app"}}, {"eve:1", {}}});
  hub_.add({.method = "GET", .path = layer_path_, .hold_body = gate_, .hold_at = 200'000});
  start();
  auto ann = open(layer_path_, as(kAnn));
  ASSERT_TRUE(gate_->await());
  auto bob = open(layer_path_, as(kBob));
  EXPECT_EQ(bob->reply.header("Cache-Status"), kCollapsed);
  EXPECT_EQ(blob("eve:1").status, 403);
  gate_->open();
  EXPECT_EQ(ann->finish().body, layer_.text());
  EXPECT_EQ(bob->finish().body, layer_.text());
  std::uint64_t sent = 0;  // refusals have a body too
  for (const LoggedRequest& request : hub_.log().requests("GET", layer_path_)) {
    if (request.status < 300) sent += request.body_bytes;
  }
  EXPECT_LE(sent, layer_.size() + cut_allowance());
}

TEST_F(PassthroughTest, WhatWasAllowedIsRememberedForItsTime) {
  start();
  EXPECT_EQ(blob(kAnn).status, 200);
  hub_.log().clear();
  EXPECT_EQ(blob(kAnn).header("Cache-Status"), kHit);
  EXPECT_EQ(hub_.log().count("", "*"), 0u);
  stop();
  hub_config().passthrough->ttl = 1ms;
  start();
  EXPECT_EQ(blob(kAnn).status, 200);
  std::this_thread::sleep_for(2ms);
  hub_.log().clear();
  EXPECT_EQ(blob(kAnn).header("Cache-Status"), kHit);
  EXPECT_EQ(hub_.log().count("HEAD", layer_path_), 1u);
}

TEST_F(PassthroughTest, ARestartForgetsWhatWasAllowed) {
  start();
  EXPECT_EQ(blob(kAnn).status, 200);
  restart();
  allow({{kAnn, {}}});
  EXPECT_EQ(blob(kAnn).status, 403);
}

TEST_F(PassthroughTest, NothingIsServedPastARefusal) {
  start();
  EXPECT_EQ(manifest(kAnn).status, 200);
  EXPECT_EQ(blob(kAnn).status, 200);
  allow({{kAnn, {"team/web"}}});
  hub_.revoke_tokens();
  EXPECT_EQ(manifest(kAnn).status, 403);  // the check of the tag
  EXPECT_EQ(blob(kAnn).status, 403);
  EXPECT_EQ(manifest(kAnn, image_.manifest.digest).status, 403);
}

TEST_F(PassthroughTest, AnAccountThatTheTokenEndpointRefusesHasNoPermissionLeft) {
  start();
  const std::string in_web = blob_path("team/web", layer_.digest);
  EXPECT_EQ(blob(kAnn).status, 200);
  EXPECT_EQ(get(in_web, as(kAnn)).status, 200);
  allow({{kBob, {}}});  // her password is another one now
  hub_.revoke_tokens();
  EXPECT_EQ(manifest(kAnn).status, 403);
  EXPECT_EQ(get(in_web, as(kAnn)).status, 403);
}

TEST_F(PassthroughTest, ALayerThatAManifestListsIsAskedFor) {
  allow({{kAnn, {"team/app", "team/web"}}});
  start();
  EXPECT_EQ(blob(kAnn).status, 200);
  EXPECT_EQ(get(manifest_path("team/web", "1"), as(kAnn)).status, 200);
  hub_.log().clear();
  const std::string in_web = blob_path("team/web", layer_.digest);
  EXPECT_EQ(get(in_web, as(kAnn)).header("Cache-Status"), kHit);
  EXPECT_EQ(hub_.log().count("HEAD", in_web), 1u);
}

TEST_F(PassthroughTest, WhatSingleClientsWereShownIsNobodyElsesWhenAccessIsSharedLater) {
  start();
  EXPECT_EQ(manifest(kAnn).status, 200);
  EXPECT_EQ(blob(kAnn).status, 200);
  stop();
  const auto passthrough = std::exchange(hub_config().passthrough, std::nullopt);
  start();
  for (const std::string& path :
       {manifest_path("team/app", "1"), manifest_path("team/app", image_.manifest.digest), layer_path_}) {
    EXPECT_EQ(get(path, as(kAnn)).status, 403) << path;
  }
  EXPECT_EQ(get("/v2/_catalog").body, R"({"repositories":[]})");
  stop();
  hub_config().passthrough = passthrough;
  start();
  hub_.log().clear();
  EXPECT_EQ(blob(kAnn).header("Cache-Status"), kHit);
  EXPECT_EQ(manifest(kAnn, image_.manifest.digest).header("Cache-Status"), kHit);
  EXPECT_EQ(hub_.log().bytes_sent("*/blobs/*"), 0u);
}

TEST_F(PassthroughTest, WhatWasSharedIsAskedForWhenAccessIsPassthroughLater) {
  const auto passthrough = std::exchange(hub_config().passthrough, std::nullopt);
  hub_.require_tokens();
  start();
  EXPECT_EQ(get(manifest_path("team/app", "1")).status, 200);
  EXPECT_EQ(get(layer_path_).status, 200);
  stop();
  hub_config().passthrough = passthrough;
  allow({{kAnn, {"team/app"}}, {kBob, {}}});
  start();
  EXPECT_EQ(blob(kBob).status, 403);
  EXPECT_EQ(manifest(kAnn).status, 200);
  hub_.log().clear();
  EXPECT_EQ(blob(kAnn).header("Cache-Status"), kHit);
  EXPECT_EQ(hub_.log().count("HEAD", layer_path_), 1u);
  hub_.stop();
  EXPECT_EQ(manifest(kBob).status, 502);
}

TEST_F(PassthroughTest, AnUpstreamThatIsDownIsBridgedForThoseItHasAllowed) {
  start();
  EXPECT_EQ(manifest(kAnn).status, 200);
  EXPECT_EQ(blob(kAnn).status, 200);
  hub_.stop();
  EXPECT_EQ(manifest(kAnn).header("Cache-Status"), kStale);
  EXPECT_EQ(blob(kAnn).body, layer_.text());
  EXPECT_EQ(get("/v2/team/app/tags/list", as(kAnn)).status, 200);
  EXPECT_EQ(manifest(kBob).status, 502);
  EXPECT_EQ(blob(kBob).status, 502);
  EXPECT_EQ(get("/v2/team/app/tags/list", as(kBob)).status, 502);
}

TEST_F(PassthroughTest, WhatOneMayNotSeeIsNotMissingForAnother) {
  hub_config().freshness.negative_ttl = 1h;
  const std::string secret = blob_path("team/secret", layer_.digest);
  start();
  Script::Id hidden = hub_.add({.path = "/v2/team/secret/*", .answer = CannedAnswer{404}});
  EXPECT_EQ(get(secret, as(kBob)).status, 404);
  hub_.remove(hidden);
  hub_.push_blob("team/secret", layer_);
  allow({{kAnn, {"team/secret"}}, {kBob, {}}});
  EXPECT_EQ(get(secret, as(kAnn)).body, layer_.text());
}

TEST_F(PassthroughTest, AnAccountsRateLimitIsItsOwn) {
  allow({{kAnn, {"team/app"}}, {kBob, {"team/app"}}});
  hub_.add({.path = "/v2/team/app/*", .times = 1, .answer = CannedAnswer{429, {{"Retry-After", "60"}}}});
  start();
  Reply limited = manifest(kAnn);
  EXPECT_EQ(limited.status, 429);
  EXPECT_EQ(limited.header("Retry-After"), "60");
  EXPECT_EQ(manifest(kBob).status, 200);
}

TEST_F(PassthroughTest, ALimitOfOneAccountEndsNoDownloadOfAnothers) {
  allow({{kAnn, {"team/app"}}, {kBob, {"team/app"}}});
  // Ann's download breaks off, and what she asks for next is too much.
  hub_.add({.method = "GET", .path = layer_path_, .hold_body = gate_, .hold_at = 100'000, .cut_after = 100'000});
  start();
  auto ann = open(layer_path_, as(kAnn));
  ASSERT_TRUE(gate_->await());
  auto bob = open(layer_path_, as(kBob));
  hub_.behave();
  hub_.add({.method = "GET", .path = layer_path_, .times = 1, .answer = CannedAnswer{429, {{"Retry-After", "3600"}}}});
  gate_->open();
  EXPECT_EQ(bob->finish().body, layer_.text());
  EXPECT_EQ(ann->finish().body, layer_.text());
}

// A gateway for sign-in, a page for maintenance.
TEST_F(PassthroughTest, APageThatAnybodyGetsShowsNothing) {
  start();
  EXPECT_EQ(manifest(kAnn).status, 200);
  EXPECT_EQ(blob(kAnn).status, 200);
  hub_.require_tokens();
  hub_.add({.answer = CannedAnswer{200, {{"Content-Type", "text/html"}}, "<html>Please sign in</html>"}});
  for (int i = 0; i < 2; ++i) {
    for (const std::string& path :
         {manifest_path("team/app", "1"), manifest_path("team/app", image_.manifest.digest), layer_path_}) {
      EXPECT_EQ(get(path, as(kBob)).status, 502) << path;
    }
    EXPECT_EQ(head(layer_path_, as(kBob)).status, 502);
    EXPECT_EQ(get("/v2/_catalog", as(kBob)).body, R"({"repositories":[]})");
  }
}

TEST_F(PassthroughTest, AStorageThatSaysNoDigestIsAskedForAByte) {
  hub_.redirect_blobs_to(ghcr_);
  hub_.add({.method = "HEAD", .no_digest = true});
  ghcr_.add({.no_digest = true});
  allow({{kAnn, {"team/app"}}, {kBob, {"team/app"}}});
  start();
  EXPECT_EQ(blob(kAnn).status, 200);
  ghcr_.log().clear();
  EXPECT_EQ(blob(kBob).header("Cache-Status"), kHit);
  EXPECT_EQ(ghcr_.log().bytes_sent("*"), 1u);
}

TEST_F(PassthroughTest, WhatTheRegistryQuotesOfAnAccountIsNotPassedOn) {
  hub_.require_tokens();
  hub_config().urls = {ghcr_.url()};
  ghcr_.require_basic(kAnn);
  const std::string sent = basic_authorization(kAnn);
  ghcr_.add({.path = "/v2/team/quoting/*", .answer = CannedAnswer{403, {}, "never: " + sent + ", which is s3:cret"}});
  ghcr_.push("team/app", "1", image_);
  start();
  EXPECT_EQ(manifest(kAnn).status, 200);
  testing::internal::CaptureStderr();
  Reply reply = get(manifest_path("team/quoting", "1"), as(kAnn));
  stop();
  const std::string log = testing::internal::GetCapturedStderr();
  for (const std::string& text : {reply.body, log}) {
    EXPECT_NE(text.find("never: Basic ***, which is ***"), std::string::npos) << text;
    EXPECT_EQ(text.find(sent.substr(6)), std::string::npos);
  }
}

TEST_F(PassthroughTest, LoginIsAnsweredByTheUpstream) {
  start();
  EXPECT_EQ(get("/v2/", as(kAnn)).status, 200);
  EXPECT_EQ(get("/v2/", as(kBob)).status, 200);
  Reply refused = get("/v2/", as("ann:wrong"));
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.header("WWW-Authenticate"), R"(Basic realm="entrepot")");
  EXPECT_NE(refused.body.find("incorrect username or password"), std::string::npos);
  hub_.stop();
  EXPECT_EQ(get("/v2/", as(kAnn)).status, 200);  // it is remembered
  EXPECT_EQ(get("/v2/", as("ann:wrong")).status, 502);
}

TEST_F(PassthroughTest, ARegistryThatTakesThePasswordItselfWorksToo) {
  hub_.require_tokens();
  hub_config().urls = {ghcr_.url()};
  ghcr_.require_basic(kAnn);
  ghcr_.push("team/app", "1", image_);
  start();
  EXPECT_EQ(get("/v2/", as(kAnn)).status, 200);
  EXPECT_EQ(get("/v2/", as(kBob)).status, 401);
  EXPECT_EQ(blob(kAnn).body, layer_.text());
  EXPECT_EQ(blob(kBob).status, 403);
}

TEST_F(PassthroughTest, TheCatalogHasWhatTheClientWasShown) {
  allow({{kAnn, {"team/app", "team/web"}}, {kBob, {"team/web"}}});
  start();
  EXPECT_EQ(manifest(kAnn).status, 200);
  EXPECT_EQ(get(manifest_path("team/web", "1"), as(kBob)).status, 200);
  EXPECT_EQ(get("/v2/_catalog", as(kAnn)).body, R"({"repositories":["team/app"]})");
  EXPECT_EQ(get("/v2/_catalog", as(kBob)).body, R"({"repositories":["team/web"]})");
  EXPECT_EQ(get("/v2/_catalog", as("eve:1")).body, R"({"repositories":[]})");
}

TEST_F(PassthroughTest, TheCatalogOfAllHasNothingOfIt) {
  config_.default_upstream = "ghcr.io";
  ghcr_.push("org/app", "1", image_);
  start();
  EXPECT_EQ(get(manifest_path("docker.io/team/app", "1"), as(kAnn)).status, 200);
  EXPECT_EQ(get(manifest_path("org/app", "1")).status, 200);
  EXPECT_EQ(get("/v2/_catalog", as(kAnn)).body, R"({"repositories":["org/app"]})");
}

TEST_F(PassthroughTest, OverClearTextAClientIsRefusedAndNotAskedForItsPassword) {
  // An address that is not written as a loopback one, and is one: a test listens nowhere else.
  config_.listeners.push_back(config::Listener{{"::ffff:127.0.0.1", 0}, {}, {}});
  start();
  for (const HeaderList& headers : {HeaderList{}, as(kAnn)}) {
    Reply reply = request(port(2), "GET", manifest_path("team/app", "1"), headers);
    EXPECT_EQ(reply.status, 403);
    EXPECT_EQ(reply.header("WWW-Authenticate"), "");
    EXPECT_NE(reply.body.find("use a listener with TLS"), std::string::npos) << reply.body;
  }
  EXPECT_EQ(hub_.log().count("", "*"), 0u);
}

TEST_F(PassthroughTest, APasswordGoesToNoRealmThatDoesNotBelongToTheUpstream) {
  FakeRegistry elsewhere({.host = "127.0.0.2"});
  hub_.require_tokens({}, &elsewhere);
  elsewhere.require_tokens({.accounts = {{kAnn, {"team/app"}}}});
  start();
  Reply refused = blob(kAnn);
  EXPECT_EQ(refused.status, 502);
  EXPECT_NE(refused.body.find("name it in credentials.realms"), std::string::npos) << refused.body;
  EXPECT_EQ(elsewhere.log().count("", "*"), 0u);
  stop();
  hub_config().passthrough->realms = {"127.0.0.2"};
  start();
  EXPECT_EQ(blob(kAnn).body, layer_.text());
}

}  // namespace
}  // namespace entrepot::test
