// What an upstream lacks is asked for once by a crowd, and found as soon as somebody can know that it is there.
#include "functional/daemon_test.hpp"

namespace entrepot::test {
namespace {

class MissingTest : public DaemonTest {
 protected:
  MissingTest() { hub_.push("library/app", "1", make_image({}, 1)); }

  Image pushed_ = make_image({make_blob(100'000)}, 2);
  std::string manifest_ = manifest_path("library/app", pushed_.manifest.digest);
  std::string blob_ = blob_path("library/app", pushed_.layers.at(0).digest);
};

TEST_F(MissingTest, ADigestThatIsNotThereCostsACrowdOneRequest) {
  hub_config().freshness.negative_ttl = 1h;
  start();
  for (const std::string& path : {manifest_, blob_}) {
    for (int i = 0; i < 10; ++i) {
      EXPECT_EQ(get(path).status, 404);
      EXPECT_EQ(head(path).status, 404);
    }
    EXPECT_EQ(hub_.log().count("", path), 1u) << path;
  }
}

TEST_F(MissingTest, WhatAHeadDoesNotFindAGetMay) {
  hub_config().freshness.negative_ttl = 1h;
  hub_.push("library/app", "2", pushed_);
  for (const std::string& path : {manifest_, blob_})
    hub_.add({.method = "HEAD", .path = path, .answer = CannedAnswer{404}});
  start();
  for (const std::string& path : {manifest_, blob_}) {
    EXPECT_EQ(head(path).status, 404);
    EXPECT_EQ(get(path).status, 200);
  }
}

TEST_F(MissingTest, ATagThatIsNotThereIsAskedForOnEveryPull) {
  hub_config().freshness.negative_ttl = 1h;
  start();
  const std::string tag = manifest_path("library/app", "2");
  EXPECT_EQ(get(tag).status, 404);
  hub_.push("library/app", "2", pushed_);
  EXPECT_EQ(get(tag).status, 200);
}

TEST_F(MissingTest, APullByTagRightAfterAPushIsNotFooled) {
  hub_config().freshness.negative_ttl = 1h;
  start();
  EXPECT_EQ(get(manifest_).status, 404);
  EXPECT_EQ(get(blob_).status, 404);
  hub_.push("library/app", "1", pushed_);
  // What the tag shows is there, whatever was said before.
  EXPECT_EQ(head(manifest_path("library/app", "1")).header("Docker-Content-Digest"), pushed_.manifest.digest);
  EXPECT_EQ(get(manifest_).status, 200);
  EXPECT_EQ(get(blob_).status, 200);
}

TEST_F(MissingTest, ADigestIsAskedForAgainAfterItsTime) {
  hub_config().freshness.negative_ttl = 50ms;
  start();
  EXPECT_EQ(get(blob_).status, 404);
  hub_.push("library/app", "2", pushed_);
  EXPECT_TRUE(becomes_true([&] { return get(blob_).status == 200; }));
}

TEST_F(MissingTest, WithoutATtlEveryRequestIsAskedUpstream) {
  hub_config().freshness.negative_ttl = 0s;
  start();
  EXPECT_EQ(get(blob_).status, 404);
  hub_.push("library/app", "2", pushed_);
  EXPECT_EQ(get(blob_).status, 200);
}

}  // namespace
}  // namespace entrepot::test
