// A tag is checked upstream on every pull, for the price of one HEAD, and served past a failed check.
#include <future>

#include "functional/daemon_test.hpp"

namespace entrepot::test {
namespace {

class TagsTest : public DaemonTest {
 protected:
  TagsTest() { hub_.push("library/app", "1", old_); }

  config::Freshness& freshness() { return hub_config().freshness; }
  void warm_up() {
    start();
    ASSERT_EQ(get(path_).status, 200);
    hub_.log().clear();
  }
  void expect_stale(const Reply& reply) {
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, old_.manifest.text());
    EXPECT_EQ(reply.header("Warning"), kStaleWarning);
    EXPECT_EQ(reply.header("Cache-Status"), kStale);
  }

  Image old_ = make_image({}, 1);
  Image new_ = make_image({}, 2);
  std::string path_ = manifest_path("library/app", "1");
};

TEST_F(TagsTest, AColdGetCostsOneGetAndNoHead) {
  start();
  EXPECT_EQ(get(path_).status, 200);
  EXPECT_EQ(hub_.log().count("GET", "*/manifests/*"), 1u);
  EXPECT_EQ(hub_.log().count("HEAD", "*"), 0u);
}

TEST_F(TagsTest, AColdHeadCostsOneHead) {
  start();
  Reply reply = head(path_);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("Docker-Content-Digest"), old_.manifest.digest);
  EXPECT_EQ(reply.header("Content-Length"), std::to_string(old_.manifest.size()));
  EXPECT_EQ(reply.header("Content-Type"), old_.manifest.media_type);
  EXPECT_EQ(hub_.log().count("HEAD", path_), 1u);
  EXPECT_EQ(hub_.log().count("GET", "*"), 0u);
}

TEST_F(TagsTest, AHeadThatLacksDigestOrLengthIsMadeUpForByOneGet) {
  for (bool no_digest : {true, false}) {
    std::string repository = no_digest ? "library/x" : "library/y";
    hub_.push(repository, "1", old_);
    std::string path = manifest_path(repository, "1");
    hub_.add({.method = "HEAD", .path = path, .no_digest = no_digest, .no_length = !no_digest});
    if (!app_) start();
    Reply reply = head(path);
    EXPECT_EQ(reply.header("Docker-Content-Digest"), old_.manifest.digest);
    EXPECT_EQ(reply.header("Content-Length"), std::to_string(old_.manifest.size()));
    EXPECT_EQ(hub_.log().count("GET", "/v2/" + repository + "/manifests/*"), 1u);
  }
}

TEST_F(TagsTest, AWarmPullCostsOneHead) {
  warm_up();
  EXPECT_EQ(get(path_).header("Cache-Status"), kHit);
  EXPECT_EQ(head(path_).status, 200);
  EXPECT_EQ(hub_.log().count("HEAD", path_), 2u);
  EXPECT_EQ(hub_.log().count("GET", "*"), 0u);
}

TEST_F(TagsTest, AHundredPullsAtOnceShareOneHead) {
  warm_up();
  GatePtr gate = make_gate();
  hub_.add({.method = "HEAD", .path = path_, .hold = gate});
  std::vector<HttpConnection> clients;
  for (int i = 0; i < 100; ++i) clients.emplace_back(port());
  for (HttpConnection& client : clients) client.send("GET", path_);
  ASSERT_TRUE(gate->await());
  settle();
  gate->open();
  for (HttpConnection& client : clients) EXPECT_EQ(client.read_reply().body, old_.manifest.text());
  EXPECT_EQ(hub_.log().count("HEAD", path_), 1u);
  EXPECT_EQ(hub_.log().count("GET", "*"), 0u);
}

TEST_F(TagsTest, AHundredColdPullsAtOnceShareOneGet) {
  GatePtr gate = make_gate();
  hub_.add({.path = path_, .hold = gate});
  start();
  std::vector<HttpConnection> clients;
  for (int i = 0; i < 100; ++i) clients.emplace_back(port());
  for (HttpConnection& client : clients) client.send("GET", path_);
  ASSERT_TRUE(gate->await());
  settle();
  gate->open();
  for (HttpConnection& client : clients) EXPECT_EQ(client.read_reply().body, old_.manifest.text());
  EXPECT_EQ(hub_.log().count("", path_), 1u);
}

TEST_F(TagsTest, AMovedTagIsFetchedByItsNewDigest) {
  warm_up();
  hub_.push("library/app", "1", new_);
  EXPECT_EQ(get(path_).body, new_.manifest.text());
  EXPECT_EQ(hub_.log().count("HEAD", path_), 1u);
  EXPECT_EQ(hub_.log().count("GET", manifest_path("library/app", new_.manifest.digest)), 1u);
  EXPECT_EQ(hub_.log().count("GET", "*"), 1u);
}

TEST_F(TagsTest, AFailingUpstreamIsStoodInForWithAWarning) {
  warm_up();
  for (unsigned status : {429u, 500u, 502u, 503u}) {
    auto rule = hub_.add({.answer = CannedAnswer{status}});
    expect_stale(get(path_));
    Reply reply = head(path_);
    EXPECT_EQ(reply.header("Docker-Content-Digest"), old_.manifest.digest) << status;
    EXPECT_EQ(reply.header("Warning"), kStaleWarning) << status;
    hub_.remove(rule);
  }
}

TEST_F(TagsTest, AnUpstreamThatIsDownIsStoodInFor) {
  warm_up();
  hub_.stop();
  expect_stale(get(path_));
  hub_.start();
  Reply back = get(path_);
  EXPECT_EQ(back.status, 200);
  EXPECT_FALSE(back.has("Warning"));
}

TEST_F(TagsTest, AnUpstreamThatDoesNotAnswerInTimeIsStoodInFor) {
  freshness().timeout = 100ms;
  warm_up();
  hub_.add({.black_hole = true});
  expect_stale(get(path_));
}

TEST_F(TagsTest, AFreshAnswerHasNoWarning) {
  warm_up();
  EXPECT_FALSE(get(path_).has("Warning"));
}

TEST_F(TagsTest, ATagIsServedForALimitedTimePastItsLastCheck) {
  freshness().stale_if_error = 1h;
  warm_up();
  hub_.add({.answer = CannedAnswer{500}});
  clock_.advance(59min);
  expect_stale(get(path_));
  clock_.advance(2min);
  EXPECT_EQ(get(path_).status, 502);
}

TEST_F(TagsTest, ATagThatIsGoneIsForgotten) {
  warm_up();
  hub_.remove_tag("library/app", "1");
  EXPECT_EQ(get(path_).status, 404);
  hub_.stop();
  EXPECT_EQ(get(path_).status, 502);
}

TEST_F(TagsTest, ATagThatIsGoneIsKeptOnRequest) {
  freshness().on_missing = config::Freshness::OnMissing::Keep;
  warm_up();
  hub_.remove_tag("library/app", "1");
  expect_stale(get(path_));
}

TEST_F(TagsTest, ARefusedTagIsRefusedAndRemembered) {
  warm_up();
  for (unsigned status : {401u, 403u}) {
    auto rule = hub_.add({.answer = CannedAnswer{status}});
    EXPECT_EQ(get(path_).status, 403) << status;
    hub_.remove(rule);
    hub_.log().clear();
    EXPECT_EQ(get(path_).header("Cache-Status"), kHit) << status;
    EXPECT_EQ(hub_.log().count("GET", "*"), 0u) << status;
  }
}

TEST_F(TagsTest, ARefusedTagIsServedOnRequest) {
  freshness().on_denied = config::Freshness::OnDenied::Keep;
  warm_up();
  hub_.add({.answer = CannedAnswer{403}});
  expect_stale(get(path_));
}

TEST_F(TagsTest, CheckedAfterAnIntervalATagCostsNothingBefore) {
  freshness().check = config::Freshness::Check::After;
  freshness().interval = 10min;
  warm_up();
  hub_.push("library/app", "1", new_);
  clock_.advance(9min);
  EXPECT_EQ(get(path_).body, old_.manifest.text());
  EXPECT_EQ(hub_.log().count("", "*"), 0u);
  clock_.advance(2min);
  EXPECT_EQ(get(path_).body, new_.manifest.text());
}

TEST_F(TagsTest, WhatWasSeenByHeadIsNotServedStaleBeforeItIsStored) {
  warm_up();
  hub_.push("library/app", "1", new_);
  EXPECT_EQ(head(path_).header("Docker-Content-Digest"), new_.manifest.digest);
  hub_.stop();
  expect_stale(get(path_));
  EXPECT_EQ(head(path_).header("Docker-Content-Digest"), old_.manifest.digest);
}

TEST_F(TagsTest, AHeadThenAGetByItsDigestMakesTheTagServableWithTheUpstreamDown) {
  start();
  std::string digest = head(path_).header("Docker-Content-Digest");
  EXPECT_EQ(get(manifest_path("library/app", digest)).status, 200);
  hub_.stop();
  expect_stale(get(path_));
}

TEST_F(TagsTest, AMovedTagWhoseManifestCannotBeFetchedIsStoodInFor) {
  warm_up();
  hub_.push("library/app", "1", new_);
  hub_.add({.method = "GET", .answer = CannedAnswer{500}});
  expect_stale(get(path_));
}

TEST_F(TagsTest, ATypeThatSaysNothingIsTheManifestsOwn) {
  std::string by_digest = manifest_path("library/app", old_.manifest.digest);
  for (const char* vague : {"application/json", "text/plain"}) {
    hub_.behave();
    hub_.add({.path = "*/manifests/*", .content_type = vague});
    if (!app_) start();
    EXPECT_EQ(head(path_).header("Content-Type"), old_.manifest.media_type);
    for (int pull = 0; pull < 3; ++pull) {
      EXPECT_EQ(get(path_).header("Content-Type"), old_.manifest.media_type) << vague << pull;
      EXPECT_EQ(get(by_digest).header("Content-Type"), old_.manifest.media_type) << vague << pull;
    }
  }
  EXPECT_EQ(hub_.log().count("GET", "*/manifests/*"), 1u);
}

TEST_F(TagsTest, AWrongDigestInAHeadIsNoHint) {
  std::string nowhere = "sha256:" + std::string(64, '0');
  hub_.add({.path = path_, .digest = nowhere});
  start();
  for (int pull = 0; pull < 3; ++pull) EXPECT_EQ(get(path_).body, old_.manifest.text()) << pull;
}

TEST_F(TagsTest, WhatIsNoDigestInAHeadIsNotPassedOn) {
  for (const char* digest : {"latest", "sha256:abc", "md5:d41d8cd98f00b204e9800998ecf8427e", ""}) {
    hub_.behave();
    hub_.add({.path = path_, .digest = digest});
    restart();
    EXPECT_EQ(head(path_).header("Docker-Content-Digest"), old_.manifest.digest) << digest;
  }
}

TEST_F(TagsTest, APageThatIsNoManifestIsABadGatewayAndDisplacesNothing) {
  const CannedAnswer portal{.headers = {{"Content-Type", "text/html"}}, .body = "<html>Log in</html>"};
  start();
  hub_.add({.path = path_, .answer = portal});
  EXPECT_EQ(get(path_).status, 502);
  hub_.behave();
  EXPECT_EQ(get(path_).status, 200);
  hub_.add({.path = path_, .answer = portal});
  expect_stale(get(path_));
}

TEST_F(TagsTest, AMovedTagsManifestMayTakeLongerThanTheCheck) {
  freshness().timeout = 1s;
  warm_up();
  hub_.push("library/app", "1", new_);
  GatePtr gate = make_gate();
  hub_.add({.method = "GET", .path = "*/manifests/sha256:*", .hold = gate});
  auto pull = std::async(std::launch::async, [this] { return get(path_); });
  ASSERT_TRUE(gate->await());
  std::this_thread::sleep_for(1200ms);
  gate->open();
  EXPECT_EQ(pull.get().body, new_.manifest.text());
}

TEST_F(TagsTest, ACheckMayTakeItsTimeWhereNothingStaleMayBeServed) {
  freshness().timeout = 100ms;
  freshness().stale_if_error = 0s;
  warm_up();
  GatePtr gate = make_gate();
  hub_.add({.method = "HEAD", .path = path_, .hold = gate});
  auto pull = std::async(std::launch::async, [this] { return get(path_); });
  ASSERT_TRUE(gate->await());
  std::this_thread::sleep_for(200ms);
  gate->open();
  EXPECT_EQ(pull.get().status, 200);
}

}  // namespace
}  // namespace entrepot::test
