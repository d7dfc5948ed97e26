// An upstream that does not answer costs one pull the time of a check, and the others nothing until it is back.
#include "functional/daemon_test.hpp"

namespace entrepot::test {
namespace {

constexpr unsigned kPulls = 200;

class OutagesTest : public DaemonTest {
 protected:
  OutagesTest() {
    hub_.push("library/app", "1", image_);
    hub_config().freshness.timeout = 300ms;
    config_.admin = config::Address{"127.0.0.1", 0};
  }

  void warm_up() {
    start();
    ASSERT_EQ(get(tag_).status, 200);
    hub_.log().clear();
  }
  bool is_stale() { return get(tag_).header("Warning") == kStaleWarning; }

  Image image_ = make_image({make_blob(100)});
  std::string tag_ = manifest_path("library/app", "1");
};

TEST_F(OutagesTest, OnlyTheFirstPullWaitsForABlackHole) {
  warm_up();
  hub_.add({.black_hole = true});
  for (unsigned i = 0; i < kPulls; ++i) EXPECT_TRUE(is_stale());
  // What asks it besides the first pull comes twice a second, however many pulls there are.
  EXPECT_LT(hub_.log().count("HEAD", tag_), kPulls / 2);
}

TEST_F(OutagesTest, ThatItIsBackIsFoundOutWithoutAnyPull) {
  warm_up();
  auto rule = hub_.add({.black_hole = true});
  EXPECT_TRUE(is_stale());
  hub_.remove(rule);
  EXPECT_TRUE(becomes_true([&] {
    const std::string metrics = request(app_->admin_port(), "GET", "/metrics").body;
    return metrics.find("entrepot_upstream_silent{upstream=\"docker.io\"} 0\n") != std::string::npos;
  }));
  EXPECT_FALSE(is_stale());
}

TEST_F(OutagesTest, ABadAnswerIsAnAnswerToo) {
  warm_up();
  auto hole = hub_.add({.black_hole = true});
  EXPECT_TRUE(is_stale());
  hub_.add({.answer = CannedAnswer{404}});
  hub_.remove(hole);
  EXPECT_TRUE(becomes_true([&] { return get(tag_).status == 404; }));
}

TEST_F(OutagesTest, AnAnswerThatComesTooLateForAPullDoesNotBringItBack) {
  warm_up();
  hub_.add({.latency = 600ms});
  for (unsigned i = 0; i < kPulls; ++i) EXPECT_TRUE(is_stale());
  EXPECT_LT(hub_.log().count("HEAD", tag_), kPulls / 2);
}

TEST_F(OutagesTest, WhatIsNotStoredIsAskedForAllTheSame) {
  Image other = make_image({}, 2);
  hub_.push("library/other", "1", other);
  warm_up();
  hub_.add({.path = tag_, .black_hole = true});
  EXPECT_TRUE(is_stale());
  EXPECT_EQ(get(manifest_path("library/other", "1")).body, other.manifest.text());
  EXPECT_TRUE(is_stale());
}

TEST_F(OutagesTest, AnUpstreamThatRefusesAtOnceIsAskedOnEveryPull) {
  warm_up();
  hub_.add({.answer = CannedAnswer{502}});
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(is_stale());
  EXPECT_EQ(hub_.log().count("HEAD", tag_), 20u);
}

TEST_F(OutagesTest, OtherUpstreamsAreNotConcerned) {
  ghcr_.push("org/app", "1", image_);
  warm_up();
  hub_.add({.black_hole = true});
  EXPECT_TRUE(is_stale());
  EXPECT_EQ(get(manifest_path("ghcr.io/org/app", "1")).status, 200);
  EXPECT_FALSE(get(manifest_path("ghcr.io/org/app", "1")).has("Warning"));
}

}  // namespace
}  // namespace entrepot::test
