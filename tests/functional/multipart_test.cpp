// Several parts of a blob or manifest in one answer, multipart/byteranges (RFC 9110, 14.6), as stargz-snapshotter and
// containers/image ask for them: warm, cold, past the disk.
#include "functional/daemon_test.hpp"

namespace entrepot::test {
namespace {

struct Part {
  std::string type;
  std::string range;
  std::string body;
};

// RFC 2046, 5.1.1, read by the letter: nothing before the first delimiter, nothing behind the last.
std::vector<Part> parse_parts(const Reply& reply) {
  std::string type = reply.header("Content-Type");
  const std::string wanted = "multipart/byteranges; boundary=";
  if (!type.starts_with(wanted)) throw std::runtime_error("not multipart: " + type);
  const std::string delimiter = "\r\n--" + type.substr(wanted.size());
  std::string rest = "\r\n" + reply.body;
  if (!rest.starts_with(delimiter)) throw std::runtime_error("no delimiter at the beginning");
  std::vector<Part> parts;
  for (;;) {
    rest.erase(0, delimiter.size());
    if (rest == "--\r\n") return parts;
    if (!rest.starts_with("\r\n")) throw std::runtime_error("text behind a delimiter");
    std::size_t head_end = rest.find("\r\n\r\n");
    std::size_t part_end = rest.find(delimiter, head_end);
    if (part_end == std::string::npos) throw std::runtime_error("a part without an end");
    std::string head = rest.substr(0, head_end) + "\r\n";
    auto field = [&](const std::string& name) {
      std::size_t at = head.find("\r\n" + name + ": ");
      if (at == std::string::npos) return std::string();
      at += name.size() + 4;
      return head.substr(at, head.find("\r\n", at) - at);
    };
    parts.push_back(
        {field("Content-Type"), field("Content-Range"), rest.substr(head_end + 4, part_end - head_end - 4)});
    rest.erase(0, part_end);
  }
}

class MultipartTest : public DaemonTest {
 protected:
  static constexpr std::size_t kSize = 200'000;

  MultipartTest() { hub_.push("library/app", "1", image_); }

  struct Wanted {
    std::size_t first, count;
  };

  // That `reply` is whole and has these parts of `object`, in this order.
  static void expect_parts(const Reply& reply, const Object& object, const std::string& type,
                           const std::vector<Wanted>& wanted) {
    EXPECT_EQ(reply.status, 206);
    EXPECT_TRUE(reply.complete());
    EXPECT_EQ(reply.header("Content-Length"), std::to_string(reply.body.size()));
    EXPECT_FALSE(reply.has("Content-Range"));
    EXPECT_EQ(reply.header("Docker-Content-Digest"), object.digest);
    std::vector<Part> parts = parse_parts(reply);
    ASSERT_EQ(parts.size(), wanted.size());
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const auto& [first, count] = wanted[i];
      EXPECT_EQ(parts[i].type, type);
      EXPECT_EQ(parts[i].range, "bytes " + std::to_string(first) + "-" + std::to_string(first + count - 1) + "/" +
                                    std::to_string(object.size()));
      EXPECT_TRUE(parts[i].body == object.text().substr(first, count)) << "part " << i;
    }
  }
  void expect_blob_parts(const Reply& reply, const std::vector<Wanted>& wanted) {
    expect_parts(reply, blob_, "application/octet-stream", wanted);
  }

  Object blob_ = make_blob(kSize);
  Image image_ = make_image({blob_});
  std::string path_ = blob_path("library/app", blob_.digest);
  GatePtr gate_ = make_gate();
};

TEST_F(MultipartTest, WarmPartsAreExactAndInTheOrderAskedFor) {
  start();
  get(path_);
  Reply reply = get(path_, {{"Range", "bytes=0-99,150000-,1000-1099"}});
  EXPECT_EQ(reply.header("Cache-Status"), kHit);
  EXPECT_EQ(reply.header("ETag"), '"' + blob_.digest + '"');
  expect_blob_parts(reply, {{0, 100}, {150'000, 50'000}, {1000, 100}});
}

TEST_F(MultipartTest, ColdPartsAreExactAndCostOneDownload) {
  start();
  Reply reply = get(path_, {{"Range", "bytes=150000-150099,0-99,-10"}});
  EXPECT_EQ(reply.header("Cache-Status"), kMiss);
  expect_blob_parts(reply, {{150'000, 100}, {0, 100}, {kSize - 10, 10}});
  EXPECT_EQ(get(path_).body, blob_.text());
  expect_one_download(hub_, path_, kSize);
}

TEST_F(MultipartTest, PartsWaitForTheirOwnBytesOnly) {
  hub_.add({.method = "GET", .path = path_, .times = 1, .hold_body = gate_, .hold_at = kSize / 2});
  start();
  expect_blob_parts(get(path_, {{"Range", "bytes=0-99,1000-1099"}}), {{0, 100}, {1000, 100}});
  gate_->open();
}

TEST_F(MultipartTest, APartIsSentBeforeTheNextHasCome) {
  hub_.add({.method = "GET", .path = path_, .times = 1, .hold_body = gate_, .hold_at = kSize / 2});
  start();
  auto download = open(path_, {{"Range", "bytes=0-99,150000-150099"}});
  std::string so_far;
  while (so_far.find("bytes 150000-150099/200000") == std::string::npos) so_far += download->connection.read_some();
  EXPECT_NE(so_far.find(blob_.text().substr(0, 100)), std::string::npos);
  gate_->open();
  Reply reply = download->finish();
  reply.body = so_far + reply.body;
  expect_blob_parts(reply, {{0, 100}, {150'000, 100}});
}

TEST_F(MultipartTest, APartToTheEndKeepsItsLastByteBackUntilTheDigestIsVerified) {
  hub_.add({.path = path_, .corrupt_at = 1000});
  start();
  Reply reply = get(path_, {{"Range", "bytes=0-99,150000-"}});
  EXPECT_EQ(reply.status, 206);
  EXPECT_EQ(reply.ending, Ending::Short);
  EXPECT_EQ(reply.body.find(blob_.text().substr(kSize - 10)), std::string::npos);
}

TEST_F(MultipartTest, PartsThatEndEarlyDoNotWaitForTheDigest) {
  hub_.add({.method = "GET", .path = path_, .times = 1, .hold_body = gate_, .hold_at = kSize - 1});
  start();
  expect_blob_parts(get(path_, {{"Range", "bytes=0-99,150000-199998"}}), {{0, 100}, {150'000, 49'999}});
  gate_->open();
}

TEST_F(MultipartTest, AThousandAndTwentyFourPartsAreAnswered) {
  std::string range = "bytes=";
  std::vector<Wanted> wanted;
  for (std::size_t i = 0; i < 1024; ++i) {
    wanted.push_back({i * 190, 100});
    range += (i > 0 ? "," : "") + std::to_string(i * 190) + "-" + std::to_string(i * 190 + 99);
  }
  start();
  for (int i = 0; i < 2; ++i) expect_blob_parts(get(path_, {{"Range", range}}), wanted);
  range += ",199999-199999";
  EXPECT_EQ(get(path_, {{"Range", range}}).body, blob_.text());
}

TEST_F(MultipartTest, OverlappingRangesCostNoByteTwice) {
  start();
  get(path_);
  std::string range = "bytes=0-";
  for (int i = 0; i < 1000; ++i) range += ",0-";
  Reply reply = get(path_, {{"Range", range}});
  EXPECT_EQ(reply.status, 206);
  EXPECT_EQ(reply.header("Content-Range"), "bytes 0-199999/200000");
  EXPECT_EQ(reply.body, blob_.text());
}

TEST_F(MultipartTest, WithoutASatisfiableRangeItIs416) {
  start();
  Reply reply = get(path_, {{"Range", "bytes=200000-,300000-300001"}});
  EXPECT_EQ(reply.status, 416);
  EXPECT_EQ(reply.header("Content-Range"), "bytes */200000");
}

TEST_F(MultipartTest, HeadAndAnotherIfRangeIgnoreIt) {
  start();
  get(path_);
  Reply described = head(path_, {{"Range", "bytes=0-9,20-29"}});
  EXPECT_EQ(described.status, 200);
  EXPECT_EQ(described.header("Content-Length"), "200000");
  EXPECT_EQ(get(path_, {{"Range", "bytes=0-9,20-29"}, {"If-Range", "\"other\""}}).status, 200);
  expect_blob_parts(get(path_, {{"Range", "bytes=0-9,20-29"}, {"If-Range", '"' + blob_.digest + '"'}}),
                    {{0, 10}, {20, 10}});
}

TEST_F(MultipartTest, AClientOfHttp10GetsPartsToo) {
  start();
  HttpConnection connection(port());
  connection.send_raw("GET " + path_ + " HTTP/1.0\r\nRange: bytes=0-9,20-29\r\n\r\n");
  expect_blob_parts(connection.read_reply(), {{0, 10}, {20, 10}});
}

TEST_F(MultipartTest, TheConnectionGoesOn) {
  start();
  HttpConnection connection(port());
  for (int i = 0; i < 3; ++i)
    expect_blob_parts(connection.request("GET", path_, {{"Range", "bytes=5-9,100-199"}}), {{5, 5}, {100, 100}});
}

TEST_F(MultipartTest, ABlobOfUnknownSizeIsWhole) {
  Object unlisted = make_blob(kSize, 2);
  hub_.push_blob("library/app", unlisted);
  std::string path = blob_path("library/app", unlisted.digest);
  hub_.add({.path = path, .chunked = true, .ignore_range = true});
  start();
  Reply reply = get(path, {{"Range", "bytes=0-9,20-29"}});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, unlisted.text());
}

TEST_F(MultipartTest, ManifestsHavePartsToo) {
  start();
  for (const std::string& path :
       {manifest_path("library/app", "1"), manifest_path("library/app", image_.manifest.digest)}) {
    expect_parts(get(path, {{"Range", "bytes=10-19,-5"}}), image_.manifest, image_.manifest.media_type,
                 {{10, 10}, {image_.manifest.size() - 5, 5}});
  }
}

class StreamedMultipartTest : public MultipartTest {
 protected:
  StreamedMultipartTest() {
    config_.storage.min_free = std::uint64_t{1} << 60;
    hub_.push_blob("library/app", small_);
    start();
  }

  Object small_ = make_blob(10'000, 7);
  std::string small_path_ = blob_path("library/app", small_.digest);
};

TEST_F(StreamedMultipartTest, EachPartIsAStream) {
  hub_.log().clear();
  Reply reply = get(path_, {{"Range", "bytes=150000-150099,0-99,1000-1999"}});
  EXPECT_EQ(reply.header("Cache-Status"), kBypass);
  expect_blob_parts(reply, {{150'000, 100}, {0, 100}, {1000, 1000}});
}

TEST_F(StreamedMultipartTest, APartToTheEndIsVerified) {
  expect_blob_parts(get(path_, {{"Range", "bytes=0-99,150000-"}}), {{0, 100}, {150'000, 50'000}});
  expect_blob_parts(get(path_, {{"Range", "bytes=150000-,0-99"}}), {{150'000, 50'000}, {0, 100}});
  hub_.add({.path = path_, .corrupt_at = 1000});
  Reply reply = get(path_, {{"Range", "bytes=0-99,150000-"}});
  EXPECT_EQ(reply.status, 206);
  EXPECT_EQ(reply.ending, Ending::Short);
}

TEST_F(StreamedMultipartTest, AnErrorBeforeTheFirstPartIsTheAnswer) {
  hub_.add({.method = "GET", .path = path_, .answer = CannedAnswer{503}});
  EXPECT_EQ(get(path_, {{"Range", "bytes=0-99,1000-1099"}}).status, 503);
}

TEST_F(StreamedMultipartTest, ManyPartsAreTheWholeBlobInOneRequest) {
  get(path_);  // so that nothing is asked but what is sent
  hub_.log().clear();
  std::string range = "bytes=0-0";
  for (int i = 1; i <= 16; ++i) range += "," + std::to_string(10 * i) + "-" + std::to_string(10 * i);
  Reply reply = get(path_, {{"Range", range}});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, blob_.text());
  EXPECT_EQ(hub_.log().count("GET", path_), 1u);
}

TEST_F(StreamedMultipartTest, PartsOfASmallBlobComeFromMemory) {
  Reply reply = get(small_path_, {{"Range", "bytes=0-99,5000-5099"}});
  EXPECT_EQ(reply.header("Cache-Status"), kBypass);
  expect_parts(reply, small_, "application/octet-stream", {{0, 100}, {5000, 100}});
}

}  // namespace
}  // namespace entrepot::test
