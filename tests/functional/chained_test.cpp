// entrepot behind entrepot, as for several zones with one cache between them and the world: what the far one says comes
// through the near one unchanged.
#include "functional/daemon_test.hpp"

namespace entrepot::test {
namespace {

// app_ is the far one, between the registries and the near one, which clients ask.
class ChainedTest : public DaemonTest {
 protected:
  ChainedTest() { hub_.push("library/app", "1", image_); }

  void start_both() {
    start();
    config::Config config = config_;
    config.storage.path = dir_.path() / "near";
    for (auto& [name, upstream] : config.upstreams) {
      upstream.urls = {"http://127.0.0.1:" + std::to_string(port()) + "/" + name};
      upstream.freshness.stale_if_error = 1h;
    }
    near_ = std::make_unique<app::App>(config, clock_, *disk_);
    near_->start();
  }
  Reply ask(const std::string& method, const std::string& target, const HeaderList& headers = {}) {
    return request(near_->port(0), method, target, headers);
  }

  Object layer_ = make_blob(3'000'000);
  Image image_ = make_image({layer_});
  std::string tag_ = manifest_path("library/app", "1");
  std::string layer_path_ = blob_path("library/app", layer_.digest);
  std::unique_ptr<app::App> near_;  // last: it is gone before its upstream
};

TEST_F(ChainedTest, AnImageIsPulledThroughBothAndKeptByBoth) {
  start_both();
  EXPECT_EQ(ask("GET", tag_).body, image_.manifest.text());
  EXPECT_EQ(ask("GET", layer_path_).body, layer_.text());
  EXPECT_EQ(ask("GET", layer_path_).header("Cache-Status"), kHit);
  EXPECT_EQ(get(layer_path_).header("Cache-Status"), kHit);
  expect_one_download(hub_, layer_path_, layer_.size());
}

TEST_F(ChainedTest, AHeadHasDigestTypeAndLength) {
  start_both();
  Reply reply = ask("HEAD", tag_);
  EXPECT_EQ(reply.header("Docker-Content-Digest"), image_.manifest.digest);
  EXPECT_EQ(reply.header("Content-Type"), image_.manifest.media_type);
  EXPECT_EQ(reply.header("Content-Length"), std::to_string(image_.manifest.size()));
  EXPECT_EQ(ask("HEAD", layer_path_).header("Content-Length"), std::to_string(layer_.size()));
  EXPECT_EQ(hub_.log().count("GET", "*"), 0u);
}

TEST_F(ChainedTest, ATagThatMovesIsSeenOnTheNextPull) {
  start_both();
  EXPECT_EQ(ask("GET", tag_).body, image_.manifest.text());
  Image moved = make_image({}, 2);
  hub_.push("library/app", "1", moved);
  EXPECT_EQ(ask("GET", tag_).body, moved.manifest.text());
}

TEST_F(ChainedTest, ARangeOfAColdBlobIsAnswered) {
  start_both();
  Reply reply = ask("GET", layer_path_, {{"Range", "bytes=-1000"}});
  EXPECT_EQ(reply.status, 206);
  EXPECT_EQ(reply.body, layer_.text().substr(layer_.size() - 1000));
}

TEST_F(ChainedTest, TheRegistryThatIsMeantIsMeantByBoth) {
  Image other = make_image({}, 3);
  ghcr_.push("org/app", "1", other);
  start_both();
  Reply reply = ask("GET", manifest_path("org/app", "1") + "?ns=ghcr.io");
  EXPECT_EQ(reply.body, other.manifest.text());
  EXPECT_EQ(reply.header("OCI-Namespace"), "ghcr.io");
  EXPECT_EQ(ask("GET", manifest_path("ghcr.io/org/app", "1")).body, other.manifest.text());
  EXPECT_EQ(hub_.log().count("", "*"), 0u);
}

TEST_F(ChainedTest, ErrorsAreOfTheSameKind) {
  start_both();
  struct Case {
    unsigned upstream;
    int client;
    std::string code;
  };
  for (const Case& c : {Case{404, 404, "MANIFEST_UNKNOWN"}, Case{403, 403, "DENIED"}, Case{503, 503, "UNAVAILABLE"},
                        Case{500, 502, "UNAVAILABLE"}, Case{429, 429, "TOOMANYREQUESTS"}}) {
    hub_.behave();
    hub_.add(
        {.answer = CannedAnswer{c.upstream,
                                {{"Content-Type", "application/json"}, {"Retry-After", "60"}},
                                R"({"errors":[{"code":")" + c.code + R"(","message":"the registry's own words"}]})"}});
    Reply reply = ask("GET", tag_);
    EXPECT_EQ(reply.status, c.client);
    EXPECT_NE(reply.body.find(c.code), std::string::npos) << reply.body;
    EXPECT_NE(reply.body.find("the registry's own words"), std::string::npos) << reply.body;
    if (c.client == 429) {
      EXPECT_GE(std::stoi(reply.header("Retry-After")), 50);
    }
  }
}

TEST_F(ChainedTest, WhatTheFarOneServesStaleIsStale) {
  start_both();
  EXPECT_FALSE(ask("GET", tag_).has("Warning"));
  hub_.add({.answer = CannedAnswer{500}});
  for (const char* method : {"GET", "HEAD"}) {
    Reply reply = ask(method, tag_);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.header("Warning"), kStaleWarning) << method;
    EXPECT_EQ(reply.header("Cache-Status"), kStale) << method;
  }
  hub_.behave();
  EXPECT_FALSE(ask("GET", tag_).has("Warning"));
}

TEST_F(ChainedTest, WhatIsFetchedFromAStaleOneIsStaleToo) {
  start_both();
  EXPECT_EQ(get(tag_).status, 200);
  hub_.add({.answer = CannedAnswer{500}});
  EXPECT_EQ(ask("GET", tag_).header("Warning"), kStaleWarning);
}

TEST_F(ChainedTest, AStaleAnswerIsNoCheck) {
  start_both();
  EXPECT_EQ(ask("GET", tag_).status, 200);
  hub_.add({.answer = CannedAnswer{500}});
  clock_.advance(50min);
  EXPECT_EQ(ask("GET", tag_).header("Warning"), kStaleWarning);
  stop();
  EXPECT_EQ(ask("GET", tag_).header("Warning"), kStaleWarning);
  clock_.advance(20min);  // more than an hour since the registry has answered, less since the far one has
  EXPECT_EQ(ask("GET", tag_).status, 502);
}

}  // namespace
}  // namespace entrepot::test
