// One download for all who want a blob, streamed to each while it runs.
#include "functional/daemon_test.hpp"

namespace entrepot::test {
namespace {

class FillTest : public DaemonTest {
 protected:
  static constexpr std::size_t kSize = 2 * 1024 * 1024;
  static constexpr std::size_t kHalf = kSize / 2;

  FillTest() { hub_.push_blob("library/app", blob_); }

  // Upstream sends the first half and waits for the gate with the byte after it.
  void hold_at_half() { hub_.add({.method = "GET", .path = path_, .hold_body = gate_, .hold_at = kHalf}); }

  Object blob_ = make_blob(kSize);
  std::string path_ = blob_path("library/app", blob_.digest);
  GatePtr gate_ = make_gate();
};

TEST_F(FillTest, FiftyClientsOverTwoListenersCostOneDownload) {
  hold_at_half();
  start();
  std::atomic<int> at_half = 0;
  std::atomic<int> complete = 0;
  std::atomic<int> collapsed = 0;
  in_parallel(50, [&](int i) {
    auto download = open(path_, {}, static_cast<std::size_t>(i % 2));
    std::string first_half = download->connection.read_exactly(kHalf);
    if (first_half == blob_.text().substr(0, kHalf) && ++at_half == 50) gate_->open();
    Reply reply = download->finish();
    if (reply.complete() && first_half + reply.body == blob_.text()) ++complete;
    if (reply.header("Cache-Status") == kCollapsed) ++collapsed;
  });
  EXPECT_EQ(at_half, 50);  // all of them streamed while it ran
  EXPECT_EQ(complete, 50);
  EXPECT_EQ(collapsed, 49);
  expect_one_download(hub_, path_, kSize);
}

TEST_F(FillTest, WhatIsPresentIsSentBeforeTheRestHasCome) {
  hub_.add({.method = "GET", .path = path_, .hold_body = gate_, .hold_at = 10});
  start();
  auto download = open(path_);
  EXPECT_EQ(download->reply.status, 200);
  EXPECT_EQ(download->connection.read_exactly(10), blob_.text().substr(0, 10));
  gate_->open();
  EXPECT_EQ(download->finish().body, blob_.text().substr(10));
}

TEST_F(FillTest, NoStatusIsSentBeforeTheUpstreamHasAnswered) {
  hub_.add({.path = path_, .times = 1, .answer = CannedAnswer{404}, .hold = gate_});
  start();
  HttpConnection connection(port());
  connection.send("GET", path_);
  ASSERT_TRUE(gate_->await());
  gate_->open();
  EXPECT_EQ(connection.read_reply().status, 404);
}

TEST_F(FillTest, GoesOnWhenEveryClientHasLeft) {
  hold_at_half();
  start();
  open(path_)->connection.read_exactly(1000);  // and hangs up
  ASSERT_TRUE(gate_->await());
  settle();
  gate_->open();
  ASSERT_TRUE(hub_.log().await_bytes(path_, kSize));
  EXPECT_EQ(get(path_).body, blob_.text());
  expect_one_download(hub_, path_, kSize);
}

TEST_F(FillTest, ASlowClientDoesNotSlowTheOthers) {
  Object large = make_blob(24 * 1024 * 1024, 2);
  hub_.push_blob("library/app", large);
  std::string path = blob_path("library/app", large.digest);
  start();
  HttpConnection slow(port(), {.receive_buffer = 4096});
  slow.send("GET", path);
  Reply reply = slow.read_head();
  EXPECT_EQ(slow.read_exactly(1), large.text().substr(0, 1));
  EXPECT_EQ(get(path).body, large.text());  // while the slow one reads nothing
  EXPECT_EQ(get(path).header("Cache-Status"), kHit);
  slow.read_rest(reply);
  EXPECT_EQ(reply.body, large.text().substr(1));
  expect_one_download(hub_, path, large.size());
}

TEST_F(FillTest, HeadOfAColdBlobDownloadsNothing) {
  start();
  Reply reply = head(path_);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("Content-Length"), std::to_string(kSize));
  EXPECT_EQ(reply.header("Docker-Content-Digest"), blob_.digest);
  EXPECT_EQ(hub_.log().bytes_sent(path_), 0u);
  EXPECT_EQ(hub_.log().count("GET", path_), 0u);
}

TEST_F(FillTest, HeadOfAColdBlobWorksWhereUpstreamRefusesHead) {
  for (unsigned status : {401u, 405u}) {
    Object blob = make_blob(100'000, status);
    hub_.push_blob("library/app", blob);
    std::string path = blob_path("library/app", blob.digest);
    hub_.add({.method = "HEAD", .path = path, .answer = CannedAnswer{status}});
    if (!app_) start();
    Reply reply = head(path);
    EXPECT_EQ(reply.status, 200) << status;
    EXPECT_EQ(reply.header("Content-Length"), "100000") << status;
    EXPECT_LE(hub_.log().bytes_sent(path), 1u) << status;
    EXPECT_EQ(get(path).body, blob.text()) << status;
  }
}

TEST_F(FillTest, ARangeInARunningFillWaitsForItsOwnOffsetOnly) {
  hold_at_half();
  start();
  auto whole = open(path_);
  ASSERT_TRUE(gate_->await());
  Reply present = get(path_, {{"Range", "bytes=500000-500099"}});
  EXPECT_EQ(present.status, 206);
  EXPECT_EQ(present.body, blob_.text().substr(500'000, 100));
  EXPECT_EQ(present.header("Content-Range"), "bytes 500000-500099/" + std::to_string(kSize));

  HttpConnection beyond(port());
  beyond.send("GET", path_, {{"Range", "bytes=2000000-2000099"}});
  settle();
  gate_->open();
  EXPECT_EQ(beyond.read_reply().body, blob_.text().substr(2'000'000, 100));
  EXPECT_EQ(whole->finish().body, blob_.text());
  EXPECT_LE(hub_.log().bytes_sent_twice(path_), cut_allowance());
}

TEST_F(FillTest, AColdRangeIsServedAndItsBytesAreNotFetchedAgain) {
  start();
  Reply part = get(path_, {{"Range", "bytes=1500000-1500099"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, blob_.text().substr(1'500'000, 100));
  EXPECT_EQ(get(path_).body, blob_.text());
  EXPECT_LE(hub_.log().bytes_sent_twice(path_), cut_allowance());
}

TEST_F(FillTest, AClientThatAsksForChunksAndHangsUpCostsOneDownload) {
  start();
  for (std::size_t offset = 0; offset < kSize; offset += kSize / 8) {
    auto chunk = open(path_, {{"Range", "bytes=" + std::to_string(offset) + "-"}});
    EXPECT_EQ(chunk->reply.status, 206);
    EXPECT_EQ(chunk->connection.read_exactly(kSize / 8), blob_.text().substr(offset, kSize / 8));
  }
  EXPECT_LE(hub_.log().bytes_sent_twice(path_), cut_allowance());
}

TEST_F(FillTest, ABlobThatIsRedirectedIsFetchedWhereItPoints) {
  FakeRegistry storage;
  start();
  for (unsigned status : {301u, 302u, 303u, 307u, 308u}) {
    Object blob = make_blob(100'000, status);
    hub_.push_blob("library/app", blob);
    hub_.redirect_blobs_to(storage, status);
    EXPECT_EQ(get(blob_path("library/app", blob.digest)).body, blob.text()) << status;
  }
  EXPECT_GE(storage.log().count("GET", "/storage/*"), 5u);
  hub_.redirect_blobs_to_itself();
  EXPECT_EQ(get(path_).body, blob_.text());  // the Location was only a path
  stop();
}

}  // namespace
}  // namespace entrepot::test
