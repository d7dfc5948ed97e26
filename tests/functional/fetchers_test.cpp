// Large blobs that come in stripes, and readers that wait far ahead: several requests for one blob, none for a byte
// that another brings.
#include "functional/daemon_test.hpp"

namespace entrepot::test {
namespace {

constexpr std::uint64_t kStripe = 1024 * 1024;

class FetchersTest : public DaemonTest {
 protected:
  static constexpr std::size_t kSize = 20 * kStripe + 12'345;

  FetchersTest() {
    hub_.push("library/app", "1", image_);
    fetch_in_stripes(hub_config(), kStripe);
  }

  // Requests for the blob wait at the gate, but the next `answered`.
  void hold_all_but(int answered) {
    hub_.add({.method = "GET", .path = "/v2/library/app/blobs/*", .hold = gate_});
    hub_.add({.method = "GET", .path = path_, .times = answered});
  }

  // The manifest tells how large the blob is.
  void pull_manifest() { EXPECT_EQ(get(manifest_path("library/app", "1")).status, 200); }

  std::vector<std::string> ranges() {
    std::vector<std::string> found;
    for (const LoggedRequest& request : hub_.log().requests("GET", path_)) found.push_back(request.range());
    return found;
  }

  void expect_no_byte_twice(std::uint64_t allowance = 0) {
    EXPECT_LE(hub_.log().bytes_sent_twice(path_), allowance);
    EXPECT_EQ(hub_.log().bytes_sent(path_) - hub_.log().bytes_sent_twice(path_), kSize);
  }

  std::string part(std::size_t begin, std::size_t end) const {
    return std::string(blob_.text().substr(begin, end - begin));
  }
  static std::string range(std::size_t begin, std::size_t end) {
    return "bytes=" + std::to_string(begin) + "-" + std::to_string(end - 1);
  }

  Object blob_ = make_blob(kSize);
  Image image_ = make_image({blob_});
  std::string path_ = blob_path("library/app", blob_.digest);
  GatePtr gate_ = make_gate();
};

constexpr std::uint64_t kMiB = 1024 * 1024;

TEST_F(FetchersTest, ALargeBlobComesInStripesAndNoByteTwice) {
  start();
  pull_manifest();
  EXPECT_EQ(get(path_).body, blob_.text());
  std::vector<std::string> asked = ranges();
  EXPECT_EQ(asked.size(), 21u);
  std::set<std::string> wanted;
  for (std::size_t begin = 0; begin < kSize; begin += kStripe) {
    std::string end = begin + kStripe < kSize ? std::to_string(begin + kStripe - 1) : "";
    wanted.insert("bytes=" + std::to_string(begin) + "-" + end);
  }
  EXPECT_EQ(std::set<std::string>(asked.begin(), asked.end()), wanted);
  expect_no_byte_twice();
  EXPECT_EQ(get(path_).header("Cache-Status"), kHit);
}

TEST_F(FetchersTest, SeveralRequestsRunAtOnce) {
  hold_all_but(1);
  start();
  pull_manifest();
  auto download = open(path_);
  EXPECT_TRUE(hub_.log().await("GET", path_, 5));  // the first has ended, and its fetcher has gone on
  settle();
  EXPECT_EQ(hub_.log().count("GET", path_), 5u);
  gate_->open();
  EXPECT_EQ(download->finish().body, blob_.text());
}

TEST_F(FetchersTest, OfUnknownSizeTheFirstRequestIsCutAndLittleOfItLost) {
  start();
  EXPECT_EQ(get(path_).body, blob_.text());
  EXPECT_EQ(ranges().front(), "");
  EXPECT_GT(ranges().size(), 10u);
  expect_no_byte_twice(kMiB);
}

TEST_F(FetchersTest, WhatIsSmallerThanParallelMinSizeComesByOneRequest) {
  hub_config().fetching.parallel_min_size = kSize + 1;
  start();
  pull_manifest();
  EXPECT_EQ(get(path_).body, blob_.text());
  EXPECT_EQ(ranges(), std::vector<std::string>{""});
}

TEST_F(FetchersTest, OneConnectionPerBlobTurnsStripesOff) {
  hub_config().fetching.connections_per_blob = 1;
  start();
  pull_manifest();
  EXPECT_EQ(get(path_).body, blob_.text());
  EXPECT_EQ(ranges(), std::vector<std::string>{""});
}

TEST_F(FetchersTest, TwentyClientsWithRangesOfTheirOwnGetThemAndCostOneDownload) {
  start();
  pull_manifest();
  std::atomic<int> right = 0;
  in_parallel(20, [&](int i) {
    std::size_t begin = static_cast<std::size_t>(i) * 1'000'000;
    if (i % 2 == 0) {
      if (get(path_, {{"Range", range(begin, begin + 999'999)}}).body == part(begin, begin + 999'999)) ++right;
    } else {
      if (get(path_, {{"Range", "bytes=" + std::to_string(begin) + "-"}}).body == part(begin, kSize)) ++right;
    }
  });
  EXPECT_EQ(right, 20);
  EXPECT_EQ(get(path_).body, blob_.text());
  EXPECT_LE(hub_.log().bytes_sent_twice(path_),
            20 * kMiB / 4);  // one that is cut for another loses what was on its way
}

TEST_F(FetchersTest, AReaderFarAheadIsAnsweredThoughAllElseIsHeld) {
  start();
  pull_manifest();
  hold_all_but(1);
  auto whole = open(path_);
  ASSERT_TRUE(hub_.log().await("GET", path_, 5));
  hub_.behave();
  Reply suffix = get(path_, {{"Range", "bytes=-65536"}});
  EXPECT_EQ(suffix.status, 206);
  EXPECT_EQ(suffix.body, part(kSize - 65'536, kSize));
  Reply middle = get(path_, {{"Range", range(15'000'000, 15'100'000)}});
  EXPECT_EQ(middle.body, part(15'000'000, 15'100'000));
  gate_->open();
  EXPECT_EQ(whole->finish().body, blob_.text());
  EXPECT_EQ(get(path_).header("Cache-Status"), kHit);
  expect_no_byte_twice();
}

// In order too: what a reader far ahead asks for is taken out of what the one request would bring.
TEST_F(FetchersTest, AReaderFarAheadOfTheOnlyRequestGetsOneOfItsOwn) {
  hub_config().fetching.connections_per_blob = 1;
  GatePtr gate = gate_;
  hub_.add({.method = "GET",
            .path = path_,
            .times = 1,
            .hold_body = gate,
            .hold_at = 100'000,
            .bytes_per_second = 40'000'000});
  start();
  pull_manifest();
  auto whole = open(path_);
  ASSERT_TRUE(gate->await());
  EXPECT_EQ(get(path_, {{"Range", "bytes=-65536"}}).body, part(kSize - 65'536, kSize));
  EXPECT_EQ(get(path_, {{"Range", range(15'000'000, 15'100'000)}}).body, part(15'000'000, 15'100'000));
  gate->open();
  EXPECT_EQ(whole->finish().body, blob_.text());
  expect_no_byte_twice(kMiB);
}

TEST_F(FetchersTest, ThePartsOfOneAnswerAreAllSentForAtOnce) {
  hub_config().fetching.connections_per_blob = 1;
  hub_.add({.method = "GET", .path = path_, .hold = gate_});
  hub_.add({.method = "GET", .path = path_, .times = 1, .hold_body = gate_, .hold_at = 100'000});
  start();
  pull_manifest();
  auto whole = open(path_);
  auto parts = open(path_, {{"Range", "bytes=5000000-5000099,10000000-10000099,15000000-15000099"}});
  EXPECT_EQ(parts->reply.status, 206);
  EXPECT_TRUE(hub_.log().await("GET", path_, 4));  // none waits for the one before it
  gate_->open();
  EXPECT_NE(parts->finish().body.find(part(15'000'000, 15'000'100)), std::string::npos);
  EXPECT_EQ(whole->finish().body, blob_.text());
}

TEST_F(FetchersTest, AnUpstreamThatIgnoresRangesSendsOneWholeAndThatIsRemembered) {
  hub_.add({.method = "GET", .path = "/v2/library/app/blobs/*", .ignore_range = true});
  Object next = make_blob(3 * kStripe, 2);
  hub_.push("library/app", "2", make_image({next}, 2));
  start();
  pull_manifest();
  EXPECT_EQ(get(path_).body, blob_.text());
  EXPECT_EQ(hub_.log().count("GET", path_), 1u);
  EXPECT_EQ(get(manifest_path("library/app", "2")).status, 200);
  std::string path = blob_path("library/app", next.digest);
  EXPECT_EQ(get(path).body, next.text());
  ASSERT_EQ(hub_.log().count("GET", path), 1u);
  EXPECT_EQ(hub_.log().requests("GET", path).front().range(), "");
}

TEST_F(FetchersTest, WhereRangesTurnOutToBeIgnoredTheReaderFarAheadWaits) {
  hub_config().fetching.connections_per_blob = 1;
  GatePtr gate = gate_;
  hub_.add({.method = "GET", .path = path_, .ignore_range = true});
  hub_.add({.method = "GET", .path = path_, .times = 1, .hold_body = gate, .hold_at = 100'000});
  start();
  pull_manifest();
  auto whole = open(path_);
  ASSERT_TRUE(gate->await());
  auto ahead = open(path_, {{"Range", range(15'000'000, 15'100'000)}});
  ASSERT_TRUE(hub_.log().await("GET", path_, 2));
  settle();
  gate->open();
  EXPECT_EQ(ahead->finish().body, part(15'000'000, 15'100'000));
  EXPECT_EQ(whole->finish().body, blob_.text());
  EXPECT_EQ(hub_.log().count("GET", path_), 2u);
}

TEST_F(FetchersTest, AnUpstreamThatRefusesRangesIsAskedForAll) {
  hub_.add({.method = "GET", .path = path_, .only_ranges = true, .answer = CannedAnswer{400}});
  start();
  pull_manifest();
  EXPECT_EQ(get(path_).body, blob_.text());
  EXPECT_EQ(ranges().back(), "");
  EXPECT_EQ(ranges().size(), 2u);
}

TEST_F(FetchersTest, AnAnswerForAllDoesNotReplaceWhatIsHereAlready) {
  hub_.add({.method = "GET", .path = path_, .cut_after = 0});
  hub_.add({.method = "GET", .path = path_, .times = 4, .cut_after = 500'000});
  start();
  pull_manifest();
  EXPECT_EQ(get(path_).ending, Ending::Short);
  hub_.behave();
  hub_.add({.method = "GET", .path = path_, .only_ranges = true, .times = 1, .answer = CannedAnswer{500}});
  EXPECT_EQ(get(path_).body, blob_.text());
  EXPECT_LE(hub_.log().bytes_sent_twice(path_), kStripe);  // of the whole, before it was hung up on
}

// The last one that still hopes must not keep a fill alive that nobody brings a byte of.
TEST_F(FetchersTest, AFillEndsThoughOneRequestHangsWhileTheOthersFail) {
  hub_config().timeouts.first_byte = 1s;
  start();
  pull_manifest();
  hub_.add({.method = "GET", .path = path_, .black_hole = true});
  hub_.add({.method = "GET", .path = path_, .times = 2, .cut_after = 500'000});
  EXPECT_EQ(get(path_).ending, Ending::Short);
}

TEST_F(FetchersTest, AnUpstreamThatWantsFewerConnectionsIsServedByThose) {
  GatePtr gate = gate_;
  start();
  pull_manifest();
  hub_.add({.method = "GET", .path = path_, .times = 3, .answer = CannedAnswer{429}});
  hub_.add({.method = "GET", .path = path_, .times = 1, .hold_body = gate, .hold_at = 1000});
  auto download = open(path_);
  ASSERT_TRUE(hub_.log().await("GET", path_, 2));
  gate->open();
  EXPECT_EQ(download->finish().body, blob_.text());
  expect_no_byte_twice();
}

TEST_F(FetchersTest, EveryAnswerCutEvery100KBAllArrivesAndNoByteTwice) {
  hub_.add({.method = "GET", .path = path_, .cut_after = 100'000});
  start();
  pull_manifest();
  EXPECT_EQ(get(path_).body, blob_.text());
  expect_no_byte_twice();
}

TEST_F(FetchersTest, AWrongByteInAnyStripeEndsItsReadersShort) {
  auto rule = hub_.add({.method = "GET", .path = path_, .corrupt_at = 15'000'000});
  start();
  pull_manifest();
  Reply wrong = get(path_);
  EXPECT_EQ(wrong.ending, Ending::Short);
  EXPECT_LT(wrong.body.size(), kSize);
  hub_.remove(rule);
  EXPECT_EQ(get(path_).body, blob_.text());
}

TEST_F(FetchersTest, AFillWithHolesGoesOnAfterARestart) {
  // The first stripe stays behind; the others run ahead of it, as far as their window goes.
  hub_.add({.method = "GET", .path = path_, .times = 1, .hold_body = gate_, .hold_at = 500'000});
  start();
  pull_manifest();
  auto download = open(path_);
  for (std::size_t end = 2 * kStripe; end <= 8 * kStripe; end += kStripe)
    EXPECT_EQ(get(path_, {{"Range", range(end - 1, end)}}).body, part(end - 1, end));
  stop();
  gate_->open();
  hub_.behave();
  start();
  EXPECT_EQ(get(path_).body, blob_.text());
  expect_no_byte_twice(kStripe + 5 * 256 * 1024);  // not recorded yet, and not written yet by one of the fetchers
}

TEST_F(FetchersTest, WhenTheUpstreamGoesDownReadersAreCutAndTheRestIsFetchedLater) {
  hub_.add({.method = "GET", .path = path_, .cut_after = 0});
  hub_.add({.method = "GET", .path = path_, .times = 6, .cut_after = 300'000});
  start();
  pull_manifest();
  Reply cut = get(path_);
  EXPECT_EQ(cut.ending, Ending::Short);
  hub_.behave();
  EXPECT_EQ(get(path_).body, blob_.text());
  expect_no_byte_twice();
}

TEST_F(FetchersTest, WhereOneRepositoryIsRefusedAnotherFeedsTheRest) {
  std::string other = blob_path("library/other", blob_.digest);
  hub_.push("library/other", "1", image_);
  hub_.add({.method = "GET", .path = path_, .answer = CannedAnswer{403}});
  hub_.add({.method = "GET", .path = path_, .times = 1, .hold_body = gate_, .hold_at = 500'000, .cut_after = 500'001});
  start();
  pull_manifest();
  EXPECT_EQ(get(manifest_path("library/other", "1")).status, 200);
  auto mine = open(path_);
  ASSERT_TRUE(gate_->await());
  auto others = open(other);
  gate_->open();
  EXPECT_EQ(others->finish().body, blob_.text());
  EXPECT_EQ(mine->finish().body, blob_.text());
}

TEST_F(FetchersTest, FillsShareTheConnectionsOfTheirUpstream) {
  hub_config().fetching.max_connections = 4;
  Object other = make_blob(kSize, 2);
  hub_.push("library/app", "2", make_image({other}, 2));
  std::string other_path = blob_path("library/app", other.digest);
  start();
  pull_manifest();
  EXPECT_EQ(get(manifest_path("library/app", "2")).status, 200);
  hold_all_but(1);
  auto first = open(path_);
  ASSERT_TRUE(hub_.log().await("GET", path_, 5));
  hub_.behave();
  hub_.add({.method = "GET", .path = other_path, .hold_body = gate_, .hold_at = 1000});
  auto second = open(other_path);  // its first request waits for nobody
  ASSERT_TRUE(hub_.log().await("GET", other_path, 1));
  settle();
  EXPECT_EQ(hub_.log().count("GET", other_path), 1u);
  gate_->open();
  EXPECT_EQ(first->finish().body, blob_.text());
  EXPECT_EQ(second->finish().body, other.text());
}

}  // namespace
}  // namespace entrepot::test
