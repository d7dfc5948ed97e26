// A part of a blob or manifest, cold and warm (RFC 9110, 14); multipart_test.cpp has several at once.
#include "functional/daemon_test.hpp"

namespace entrepot::test {
namespace {

class RangesTest : public DaemonTest {
 protected:
  static constexpr std::size_t kSize = 200'000;

  RangesTest() { hub_.push("library/app", "1", image_); }

  Object blob_ = make_blob(kSize);
  Image image_ = make_image({blob_});
  std::string path_ = blob_path("library/app", blob_.digest);
};

struct RangeCase {
  const char* range;
  std::size_t first, count;
};
constexpr RangeCase kRanges[] = {
    {"bytes=0-0", 0, 1},
    {"bytes=0-", 0, 200'000},
    {"bytes=500-1499", 500, 1000},
    {"bytes=199999-", 199'999, 1},
    {"bytes=199990-300000", 199'990, 10},
    {"bytes=-500", 199'500, 500},
    {"bytes=-300000", 0, 200'000},
    {"bytes=100000-199999", 100'000, 100'000},
};

TEST_F(RangesTest, WarmRangesAreExact) {
  start();
  get(path_);
  for (const RangeCase& c : kRanges) {
    Reply reply = get(path_, {{"Range", c.range}});
    EXPECT_EQ(reply.status, 206) << c.range;
    EXPECT_EQ(reply.body, blob_.text().substr(c.first, c.count)) << c.range;
    EXPECT_EQ(reply.header("Content-Length"), std::to_string(c.count)) << c.range;
    EXPECT_EQ(reply.header("Content-Range"), "bytes " + std::to_string(c.first) + "-" +
                                                 std::to_string(c.first + c.count - 1) + "/" + std::to_string(kSize));
    EXPECT_EQ(reply.header("ETag"), '"' + blob_.digest + '"');
  }
}

TEST_F(RangesTest, ColdRangesAreExact) {
  start();
  std::uint64_t seed = 100;
  for (const RangeCase& c : kRanges) {
    Object blob = make_blob(kSize, seed++);
    hub_.push_blob("library/app", blob);
    Reply reply = get(blob_path("library/app", blob.digest), {{"Range", c.range}});
    EXPECT_EQ(reply.status, 206) << c.range;
    EXPECT_EQ(reply.body, blob.text().substr(c.first, c.count)) << c.range;
  }
}

TEST_F(RangesTest, ARangeBehindTheEndIs416) {
  start();
  for (int i = 0; i < 2; ++i) {
    Reply reply = get(path_, {{"Range", "bytes=200000-"}});
    EXPECT_EQ(reply.status, 416);
    EXPECT_EQ(reply.header("Content-Range"), "bytes */200000");
    get(path_);
  }
}

TEST_F(RangesTest, OneThatEndsBeforeItBeginsIs416) {
  start();
  Reply reply = get(path_, {{"Range", "bytes=5-2"}});
  EXPECT_EQ(reply.status, 416);
  EXPECT_EQ(reply.header("Content-Range"), "bytes */200000");
}

TEST_F(RangesTest, WhatIsNoRangeIsIgnored) {
  start();
  for (const char* range : {"bytes=x-", "lines=1-2", "bytes="})
    EXPECT_EQ(get(path_, {{"Range", range}}).status, 200) << range;
}

TEST_F(RangesTest, IfRangeHoldsForTheSameDigestOnly) {
  start();
  get(path_);
  EXPECT_EQ(get(path_, {{"Range", "bytes=0-9"}, {"If-Range", '"' + blob_.digest + '"'}}).status, 206);
  EXPECT_EQ(get(path_, {{"Range", "bytes=0-9"}, {"If-Range", "\"other\""}}).status, 200);
}

TEST_F(RangesTest, AHeadIgnoresRange) {
  start();
  get(path_);
  Reply reply = head(path_, {{"Range", "bytes=0-9"}});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("Content-Length"), "200000");
}

TEST_F(RangesTest, ManifestsHaveRangesToo) {
  start();
  std::size_t size = image_.manifest.size();
  for (const std::string& path :
       {manifest_path("library/app", "1"), manifest_path("library/app", image_.manifest.digest)}) {
    EXPECT_EQ(get(path, {{"Range", "bytes=0-"}}).body, image_.manifest.text());
    Reply part = get(path, {{"Range", "bytes=10-19"}});
    EXPECT_EQ(part.status, 206);
    EXPECT_EQ(part.body, image_.manifest.text().substr(10, 10));
    EXPECT_EQ(part.header("Content-Range"), "bytes 10-19/" + std::to_string(size));
    Reply beyond = get(path, {{"Range", "bytes=" + std::to_string(size) + "-"}});
    EXPECT_EQ(beyond.status, 416);
    EXPECT_EQ(beyond.header("Content-Range"), "bytes */" + std::to_string(size));
  }
}

TEST_F(RangesTest, RangesOnOneConnectionFollowEachOther) {
  start();
  HttpConnection connection(port());
  for (std::size_t first = 0; first < kSize; first += 50'000) {
    std::string range = "bytes=" + std::to_string(first) + "-" + std::to_string(first + 49'999);
    EXPECT_EQ(connection.request("GET", path_, {{"Range", range}}).body, blob_.text().substr(first, 50'000));
  }
  EXPECT_LE(hub_.log().bytes_sent_twice(path_), cut_allowance());
}

TEST_F(RangesTest, PipelinedRequestsAreAnsweredInTheirOrder) {
  start();
  HttpConnection connection(port());
  std::string head = "GET " + path_ + " HTTP/1.1\r\nHost: x\r\nRange: bytes=";
  connection.send_raw(head + "0-9\r\n\r\n" + head + "10-19\r\n\r\n" + head + "20-29\r\n\r\n");
  for (std::size_t first : {0u, 10u, 20u}) EXPECT_EQ(connection.read_reply().body, blob_.text().substr(first, 10));
}

}  // namespace
}  // namespace entrepot::test
