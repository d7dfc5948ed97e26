// An upstream that answers 429 is left alone for as long as it says, and stood in for where something is stored.
#include "functional/daemon_test.hpp"

namespace entrepot::test {
namespace {

class LimitsTest : public DaemonTest {
 protected:
  LimitsTest() { hub_.push("library/app", "1", image_); }

  void warm_up() {
    start();
    ASSERT_EQ(get(tag_).status, 200);
    hub_.log().clear();
  }
  static CannedAnswer limited(const std::string& retry_after = "") {
    CannedAnswer answer{
        429,
        {{"Content-Type", "application/json"}},
        R"({"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your pull rate limit."}]})"};
    if (!retry_after.empty()) answer.headers.push_back({"Retry-After", retry_after});
    return answer;
  }

  Object layer_ = make_blob(600'000);
  Image image_ = make_image({layer_});
  std::string tag_ = manifest_path("library/app", "1");
  std::string layer_path_ = blob_path("library/app", layer_.digest);
};

TEST_F(LimitsTest, ATagIsServedStaleAndTheUpstreamNotAskedBeforeItsTime) {
  warm_up();
  hub_.add({.answer = limited("60")});
  for (int i = 0; i < 10; ++i) {
    Reply reply = get(tag_);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.header("Warning"), kStaleWarning);
  }
  EXPECT_EQ(hub_.log().count("", "*"), 1u);
}

TEST_F(LimitsTest, WhatIsNotStoredIsRefusedWithWhatTheUpstreamSaid) {
  start();
  hub_.add({.answer = limited("60")});
  for (int i = 0; i < 10; ++i) {
    Reply reply = get(tag_);
    EXPECT_EQ(reply.status, 429);
    EXPECT_NE(reply.body.find("docker.io: You have reached your pull rate limit."), std::string::npos) << reply.body;
    EXPECT_GE(std::stoi(reply.header("Retry-After")), 50);
    EXPECT_LE(std::stoi(reply.header("Retry-After")), 60);
  }
  EXPECT_EQ(hub_.log().count("", "*"), 1u);
}

TEST_F(LimitsTest, BlobsComeWhileManifestsAreLimited) {
  warm_up();
  hub_.add({.path = "*/manifests/*", .answer = limited("60")});
  EXPECT_EQ(get(manifest_path("library/app", "2")).status, 429);
  EXPECT_EQ(get(layer_path_).body, layer_.text());
}

TEST_F(LimitsTest, WhereTheUpstreamSaysNoTimeItIsAskedAgainSoon) {
  warm_up();
  hub_.add({.times = 1, .answer = limited()});
  EXPECT_EQ(get(tag_).header("Warning"), kStaleWarning);
  EXPECT_TRUE(becomes_true([&] { return !get(tag_).has("Warning"); }));
  EXPECT_EQ(hub_.log().count("HEAD", tag_), 2u);
}

TEST_F(LimitsTest, ADownloadThatWasCutWaitsUntilItMayGoOn) {
  for (const std::string retry_after : {"1", ""}) {
    Object layer = make_blob(600'000, 2 + retry_after.size());
    hub_.push_blob("library/app", layer);
    const std::string path = blob_path("library/app", layer.digest);
    restart();
    hub_.behave();
    hub_.log().clear();
    // The newest rule applies: first the cut, then the refusal.
    hub_.add({.path = path, .times = 2, .answer = CannedAnswer{429, {{"Retry-After", retry_after}}}});
    hub_.add({.path = path, .times = 1, .cut_after = 100'000});
    EXPECT_EQ(get(path).body, layer.text()) << retry_after;
    EXPECT_LE(hub_.log().bytes_sent_twice(path), cut_allowance());
  }
}

TEST_F(LimitsTest, ATokenEndpointThatLimitsIsLeftAloneForAllThatNeedIt) {
  hub_.require_tokens();
  hub_.add({.path = "/token", .answer = limited("60")});
  start();
  EXPECT_EQ(get(tag_).status, 429);
  hub_.log().clear();
  EXPECT_EQ(get(tag_).status, 429);
  EXPECT_EQ(get(layer_path_).status, 429);
  EXPECT_EQ(hub_.log().count("", "*"), 0u);
}

TEST_F(LimitsTest, AnotherUrlIsAskedMeanwhile) {
  ghcr_.push("library/app", "1", image_);
  hub_config().urls = {hub_.url(), ghcr_.url()};
  hub_.add({.answer = limited("60")});
  start();
  EXPECT_EQ(get(tag_).status, 200);
  EXPECT_EQ(get(layer_path_).body, layer_.text());
  EXPECT_EQ(hub_.log().count("", "*/manifests/*"), 1u);
}

}  // namespace
}  // namespace entrepot::test
