// One entry of the configuration for many registries.
#include "functional/daemon_test.hpp"

namespace entrepot::test {
namespace {

class WildcardsTest : public DaemonTest {
 protected:
  WildcardsTest() {
    config::Upstream& many = add_upstream("*.many.example.com", ghcr_);
    many.credentials = config::Credentials{config::BasicCredentials{"me", "s3cret"}};
    ghcr_.require_basic("me:s3cret");
    ghcr_.push("team/app", "1", image_);
    config_.admin = config::Address{"127.0.0.1", 0};
  }

  static std::string in(const std::string& host) { return manifest_path(host + "/team/app", "1"); }

  Image image_ = make_image({make_blob(1000)});
};

TEST_F(WildcardsTest, EachNameIsAnUpstreamWithTheSameAccount) {
  start();
  EXPECT_EQ(get(in("a.many.example.com")).header("Cache-Status"), kMiss);
  EXPECT_EQ(get(in("a.many.example.com")).header("Cache-Status"), kHit);
  EXPECT_EQ(get("/a.many.example.com" + manifest_path("team/app", "1")).header("Cache-Status"), kHit);
  Reply by_ns = get(manifest_path("team/app", "1") + "?ns=a.many.example.com");
  EXPECT_EQ(by_ns.header("Cache-Status"), kHit);
  EXPECT_EQ(by_ns.header("OCI-Namespace"), "a.many.example.com");
  EXPECT_EQ(get(in("b.many.example.com")).header("Cache-Status"), kMiss);  // it has to show it too
}

TEST_F(WildcardsTest, WhatNoWildcardStandsForIsUnknown) {
  start();
  for (const char* host : {"many.example.com", "a.b.many.example.com", "*.many.example.com", "a.many.example.org"}) {
    EXPECT_EQ(get(in(host)).status, 404) << host;
    EXPECT_EQ(get(manifest_path("team/app", "1") + "?ns=" + host).status, 404) << host;
  }
  EXPECT_EQ(ghcr_.log().count("", "*"), 0u);
}

TEST_F(WildcardsTest, AnUpstreamOfItsOwnNameCountsFirstAndThenTheLongestWildcard) {
  add_upstream("own.many.example.com", hub_);
  add_upstream("x-*.many.example.com", hub_);
  hub_.push("team/app", "1", make_image({make_blob(2000)}));
  start();
  EXPECT_EQ(get(in("a.many.example.com")).body, image_.manifest.text());
  EXPECT_NE(get(in("own.many.example.com")).body, image_.manifest.text());
  EXPECT_NE(get(in("x-1.many.example.com")).body, image_.manifest.text());
}

TEST_F(WildcardsTest, ItsUrlMaySayWhatTheStarsStandFor) {
  config_.upstreams.at("*.many.example.com").urls = {"http://$1.0.0.1:" + std::to_string(ghcr_.port())};
  start();
  EXPECT_EQ(get(in("127.many.example.com")).body, image_.manifest.text());
  EXPECT_EQ(get(in("none.many.example.com")).status, 502);
}

TEST_F(WildcardsTest, ManyWhoAskAtOnceMakeOneUpstream) {
  start();
  in_parallel(16, [&](int) { EXPECT_EQ(get(in("a.many.example.com")).body, image_.manifest.text()); });
  const std::string metrics = request(app_->admin_port(), "GET", "/metrics").body;
  const std::string gauge = "entrepot_upstream_silent{upstream=\"a.many.example.com\"}";
  const auto first = metrics.find(gauge);
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(metrics.find(gauge, first + 1), std::string::npos);
}

TEST_F(WildcardsTest, ItsListsAndItsCatalogAreItsOwn) {
  start();
  EXPECT_EQ(get(in("a.many.example.com")).status, 200);
  EXPECT_EQ(get("/v2/_catalog?ns=a.many.example.com").body, R"({"repositories":["team/app"]})");
  EXPECT_EQ(get("/v2/_catalog?ns=b.many.example.com").body, R"({"repositories":[]})");
  EXPECT_EQ(get("/v2/_catalog").body, R"({"repositories":["a.many.example.com/team/app"]})");
}

TEST_F(WildcardsTest, ItsTimeToLiveIsThatOfWhatItStandsFor) {
  config_.upstreams.at("*.many.example.com").eviction = {.ttl = 1h, .interval = 10ms};
  config_.eviction.interval = 10ms;
  start();
  EXPECT_EQ(get(in("a.many.example.com")).status, 200);
  EXPECT_TRUE(becomes_true([&] { return files() == 1; }));
  restart();  // nobody has asked for that upstream since
  clock_.advance(2h);
  EXPECT_TRUE(becomes_true([&] { return files() == 0; }));
}

TEST_F(WildcardsTest, AListenerMayBeForOneOfThem) {
  config_.listeners[1].upstream = "a.many.example.com";
  start();
  EXPECT_EQ(request(port(1), "GET", manifest_path("team/app", "1")).body, image_.manifest.text());
  EXPECT_EQ(request(port(1), "GET", in("b.many.example.com")).status, 404);
}

TEST_F(WildcardsTest, AnUpstreamThatCannotBeMadeIsAnErrorThatSaysWhy) {
  add_upstream("*.broken.example.com", ghcr_).ca = dir_.path() / "nothing.pem";
  start();
  Reply reply = get(in("a.broken.example.com"));
  EXPECT_EQ(reply.status, 502);
  EXPECT_NE(reply.body.find("nothing.pem"), std::string::npos) << reply.body;
}

TEST_F(WildcardsTest, ALookAtTheRootMakesNothing) {
  start();
  EXPECT_EQ(get("/v2/?ns=a.many.example.com").status, 200);
  EXPECT_EQ(request(app_->admin_port(), "GET", "/metrics").body.find("a.many.example.com"), std::string::npos);
}

TEST_F(WildcardsTest, WhatIsAskedInClientsNamesIsListedToNobodyElse) {
  config::Upstream& many = config_.upstreams.at("*.many.example.com");
  many.credentials.reset();
  many.passthrough.emplace();
  start();
  const HeaderList me{{"Authorization", basic_authorization("me:s3cret")}};
  EXPECT_EQ(get(in("a.many.example.com")).status, 401);
  EXPECT_EQ(get(in("a.many.example.com"), me).status, 200);
  restart();
  EXPECT_EQ(get("/v2/_catalog").body, R"({"repositories":[]})");
}

}  // namespace
}  // namespace entrepot::test
