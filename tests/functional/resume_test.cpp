// Downloads that break: continued with Range, from where they stopped, at the registry's own URL.
#include "functional/daemon_test.hpp"

namespace entrepot::test {
namespace {

class ResumeTest : public DaemonTest {
 protected:
  static constexpr std::size_t kSize = 1024 * 1024;

  ResumeTest() { hub_.push_blob("library/app", blob_); }

  std::vector<std::string> ranges(const std::string& path) {
    std::vector<std::string> found;
    for (const LoggedRequest& request : hub_.log().requests("GET", path)) found.push_back(request.range());
    return found;
  }
  std::vector<std::string> ranges() { return ranges(path_); }

  // Every answer ends after `part` bytes. As many requests as that takes, and no byte is asked for twice.
  void pull_in_parts(const Object& blob, std::size_t part) {
    std::string path = blob_path("library/app", blob.digest);
    hub_.push_blob("library/app", blob);
    hub_.add({.method = "GET", .path = path, .cut_after = part});
    start();
    EXPECT_TRUE(get(path).body == blob.text());
    std::vector<std::string> asked = ranges(path);
    ASSERT_EQ(asked.size(), 1 + blob.size() / part);
    EXPECT_TRUE(asked[0].empty() || asked[0] == "bytes=0-") << asked[0];
    for (std::size_t i = 1; i < asked.size(); ++i)
      EXPECT_TRUE(asked[i].starts_with("bytes=" + std::to_string(i * part) + "-")) << asked[i];
    EXPECT_EQ(hub_.log().bytes_sent(path), blob.size());
  }

  Object blob_ = make_blob(kSize);
  std::string path_ = blob_path("library/app", blob_.digest);
};

TEST_F(ResumeTest, CutEveryHundredThousandBytesABlobArrivesWhole) { pull_in_parts(blob_, 100'000); }

TEST_F(ResumeTest, CutEvery10MiBALargeLayerArrivesWhole) { pull_in_parts(make_blob(90'000'000), 10 * 1024 * 1024); }

TEST_F(ResumeTest, AResetIsNoWorseThanACut) {
  hub_.add({.method = "GET", .path = path_, .times = 2, .cut_after = 300'000, .reset = true});
  start();
  EXPECT_EQ(get(path_).body, blob_.text());
}

TEST_F(ResumeTest, AnUpstreamThatIgnoresRangeIsReadFromItsStart) {
  hub_.add({.method = "GET", .path = path_, .ignore_range = true});
  hub_.add({.method = "GET", .path = path_, .times = 1, .cut_after = 300'000});
  start();
  EXPECT_EQ(get(path_).body, blob_.text());
}

TEST_F(ResumeTest, AfterFiveFailuresWithoutProgressReadersAreCutAndTheRestIsFetchedLater) {
  hub_.add({.method = "GET", .path = path_, .cut_after = 0});
  hub_.add({.method = "GET", .path = path_, .times = 1, .cut_after = 300'000});
  start();
  Reply cut = get(path_);
  EXPECT_EQ(cut.status, 200);
  EXPECT_EQ(cut.ending, Ending::Short);
  EXPECT_EQ(cut.body, blob_.text().substr(0, 300'000));
  EXPECT_GE(ranges().size(), 5u);
  EXPECT_LE(ranges().size(), 6u);

  hub_.behave();
  EXPECT_EQ(get(path_).body, blob_.text());
  EXPECT_TRUE(ranges().back().starts_with("bytes=300000-")) << ranges().back();
  EXPECT_EQ(hub_.log().bytes_sent_twice(path_), 0u);
}

TEST_F(ResumeTest, AParkedDownloadSendsNoStatusBeforeTheUpstreamHasAnswered) {
  hub_.add({.method = "GET", .path = path_, .cut_after = 0});
  hub_.add({.method = "GET", .path = path_, .times = 1, .cut_after = 300'000});
  start();
  EXPECT_EQ(get(path_).ending, Ending::Short);
  hub_.behave();
  hub_.add({.path = path_, .answer = CannedAnswer{503}});
  EXPECT_EQ(get(path_).status, 503);
  hub_.behave();
  EXPECT_EQ(get(path_).body, blob_.text());
}

// A client that was cut goes on at the next registry after an error, and not after a 206 that brings nothing
// (containerd/containerd#9552).
TEST_F(ResumeTest, ARangeOfWhichNoByteCanBeHadIsAnError) {
  hub_.add({.method = "GET", .path = path_, .cut_after = 0});
  hub_.add({.method = "GET", .path = path_, .times = 1, .cut_after = 300'000});
  start();
  EXPECT_EQ(get(path_).ending, Ending::Short);
  Reply rest = get(path_, {{"Range", "bytes=900000-"}});
  EXPECT_EQ(rest.status, 502);
  EXPECT_TRUE(rest.complete());
}

TEST_F(ResumeTest, ARedirectThatHasExpiredIsAskedForAgain) {
  FakeRegistry storage;
  hub_.redirect_blobs_to(storage);
  storage.add({.path = "/storage/*", .times = 3, .cut_after = 200'000});
  start();
  EXPECT_EQ(get(path_).body, blob_.text());
  EXPECT_EQ(hub_.log().count("GET", path_), 4u);
  EXPECT_EQ(storage.log().count("GET", "/storage/*"), 4u);
  EXPECT_EQ(storage.log().bytes_sent_twice("/storage/*"), 0u);
  stop();
}

TEST_F(ResumeTest, AnUpstreamThatGoesDownAndComesBackIsGoneOnWith) {
  GatePtr gate = make_gate();
  hub_.add({.method = "GET", .path = path_, .times = 1, .hold_body = gate, .hold_at = 400'000});
  start();
  auto download = open(path_);
  EXPECT_EQ(download->connection.read_exactly(400'000), blob_.text().substr(0, 400'000));
  hub_.stop();
  hub_.start();
  EXPECT_EQ(download->finish().body, blob_.text().substr(400'000));
}

TEST_F(ResumeTest, AStalledUpstreamIsLeftForANewRequest) {
  hub_config().timeouts.stall = 1s;
  GatePtr gate = make_gate();
  hub_.add({.method = "GET", .path = path_, .times = 1, .hold_body = gate, .hold_at = 400'000});
  start();
  EXPECT_EQ(get(path_).body, blob_.text());
  gate->open();
  EXPECT_EQ(hub_.log().count("GET", path_), 2u);
}

}  // namespace
}  // namespace entrepot::test
