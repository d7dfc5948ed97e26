// No client gets as complete what does not match its digest, and nothing of it is kept.
#include "functional/daemon_test.hpp"

namespace entrepot::test {
namespace {

class VerifyTest : public DaemonTest {
 protected:
  VerifyTest() {
    hub_.push_blob("library/app", large_);
    hub_.push_blob("library/app", small_);
  }

  Object large_ = make_blob(1024 * 1024, 1);
  Object small_ = make_blob(64 * 1024, 2);
  std::string large_path_ = blob_path("library/app", large_.digest);
  std::string small_path_ = blob_path("library/app", small_.digest);
};

TEST_F(VerifyTest, AWrongLargeBlobEndsShortAndAMendedOneIsFetchedAnew) {
  auto rule = hub_.add({.method = "GET", .path = large_path_, .corrupt_at = 500'000});
  start();
  Reply wrong = get(large_path_);
  EXPECT_EQ(wrong.status, 200);
  EXPECT_EQ(wrong.header("Content-Length"), std::to_string(large_.size()));
  EXPECT_EQ(wrong.ending, Ending::Short);  // by FIN
  EXPECT_LT(wrong.body.size(), large_.size());
  hub_.remove(rule);
  hub_.log().clear();
  EXPECT_EQ(get(large_path_).body, large_.text());
  expect_one_download(hub_, large_path_, large_.size());
}

TEST_F(VerifyTest, EveryRangeUpToTheEndEndsShortToo) {
  GatePtr gate = make_gate();
  hub_.add({.method = "GET", .path = large_path_, .hold_body = gate, .hold_at = 1'000'000, .corrupt_at = 500'000});
  start();
  auto whole = open(large_path_);
  auto open_ended = open(large_path_, {{"Range", "bytes=1000-"}});
  auto beyond_end = open(large_path_, {{"Range", "bytes=2000-99999999"}});
  EXPECT_EQ(get(large_path_, {{"Range", "bytes=0-99"}}).body, large_.text().substr(0, 100));  // does not wait
  gate->open();
  for (auto* download : {&whole, &open_ended, &beyond_end}) EXPECT_EQ((*download)->finish().ending, Ending::Short);
}

TEST_F(VerifyTest, AWrongSmallBlobIsABadGateway) {
  auto rule = hub_.add({.method = "GET", .path = small_path_, .corrupt_at = 65'535});
  start();
  EXPECT_EQ(get(small_path_).status, 502);
  hub_.remove(rule);
  EXPECT_EQ(get(small_path_).body, small_.text());
}

TEST_F(VerifyTest, AWrongManifestIsABadGateway) {
  Image image = make_image({small_});
  hub_.push("library/app", "1", image);
  std::string path = manifest_path("library/app", image.manifest.digest);
  auto rule = hub_.add({.path = path, .corrupt_at = 20});
  start();
  EXPECT_EQ(get(path).status, 502);
  hub_.remove(rule);
  EXPECT_EQ(get(path).body, image.manifest.text());
}

TEST_F(VerifyTest, ASizeThatIsNotTheManifestsIsABadGateway) {
  hub_.push("library/app", "1", make_image({large_}));
  start();
  EXPECT_EQ(get(manifest_path("library/app", "1")).status, 200);
  for (std::int64_t error : {-5, 5}) {
    auto rule = hub_.add({.path = large_path_, .length_error = error});
    EXPECT_EQ(get(large_path_).status, 502) << error;
    hub_.remove(rule);
  }
  EXPECT_EQ(get(large_path_).body, large_.text());
}

TEST_F(VerifyTest, ABlobShorterThanItsAnnouncedLengthIsNeverComplete) {
  hub_.add({.path = large_path_, .length_error = 100});
  start();
  Reply reply = get(large_path_);
  EXPECT_TRUE(reply.status >= 500 || reply.ending == Ending::Short) << reply.status;
}

TEST_F(VerifyTest, AWrongLengthIsForgottenWhenTheUpstreamIsMended) {
  start();
  std::uint64_t seed = 10;
  for (const char* method : {"GET", "HEAD"}) {
    for (std::int64_t error : {100, -100, -300'000}) {
      Object blob = make_blob(300'000, ++seed);
      hub_.push_blob("library/app", blob);
      std::string path = blob_path("library/app", blob.digest);
      hub_.add({.method = method, .path = path, .length_error = error});
      head(path);
      get(path);
      hub_.behave();
      EXPECT_EQ(get(path).body, blob.text()) << method << error;
      EXPECT_EQ(head(path).header("Content-Length"), "300000") << method << error;
    }
  }
}

TEST_F(VerifyTest, ALengthOf0InAHeadIsNoLength) {
  hub_.add({.method = "HEAD", .path = large_path_, .length_error = -1024 * 1024});
  start();
  EXPECT_EQ(head(large_path_).header("Content-Length"), std::to_string(large_.size()));
  EXPECT_EQ(get(large_path_).body, large_.text());
}

TEST_F(VerifyTest, AHeadOfABlobHasTheSizeThatAManifestNames) {
  hub_.push("library/app", "1", make_image({large_}));
  start();
  get(manifest_path("library/app", "1"));
  auto rule = hub_.add({.path = large_path_, .chunked = true, .ignore_range = true, .no_length = true});
  EXPECT_EQ(head(large_path_).header("Content-Length"), std::to_string(large_.size()));
  hub_.remove(rule);
  hub_.add({.method = "HEAD", .path = large_path_, .length_error = 7});
  EXPECT_EQ(head(large_path_).status, 502);
}

TEST_F(VerifyTest, AManifestIsServedWithItsOwnSizeWhateverAHeadSays) {
  Image image = make_image({small_});
  hub_.push("library/app", "1", image);
  std::string path = manifest_path("library/app", "1");
  start();
  get(path);
  hub_.add({.method = "HEAD", .path = path, .length_error = 5000, .content_type = "application/vnd.other+json"});
  Reply known = head(path);
  EXPECT_EQ(known.header("Content-Length"), std::to_string(image.manifest.size()));
  EXPECT_EQ(known.header("Content-Type"), image.manifest.media_type);
  EXPECT_EQ(get(path, {{"Range", "bytes=2-"}}).body, image.manifest.text().substr(2));
  EXPECT_EQ(get(path, {{"Range", "bytes=5000-"}}).status, 416);
}

TEST_F(VerifyTest, ABlobOfUnknownLengthIsChunkedAndItsRangeIsIgnored) {
  hub_.add({.path = large_path_, .chunked = true, .ignore_range = true, .no_length = true});
  start();
  Reply cold = get(large_path_, {{"Range", "bytes=10-19"}});
  EXPECT_EQ(cold.status, 200);
  EXPECT_FALSE(cold.has("Content-Length"));
  EXPECT_EQ(cold.header("Transfer-Encoding"), "chunked");
  EXPECT_TRUE(cold.complete());
  EXPECT_EQ(cold.body, large_.text());
  Reply warm = get(large_path_, {{"Range", "bytes=10-19"}});
  EXPECT_EQ(warm.status, 206);
  EXPECT_EQ(warm.body, large_.text().substr(10, 10));
}

TEST_F(VerifyTest, AWrongBlobOfUnknownLengthHasNoTerminatingChunk) {
  hub_.add({.path = large_path_, .corrupt_at = 7, .chunked = true, .ignore_range = true, .no_length = true});
  start();
  EXPECT_EQ(get(large_path_).ending, Ending::Short);
}

TEST_F(VerifyTest, AnHttp10ClientWaitsForAWholeBlobOfUnknownLength) {
  auto rule =
      hub_.add({.path = large_path_, .corrupt_at = 7, .chunked = true, .ignore_range = true, .no_length = true});
  start();
  for (int expected : {502, 200}) {
    HttpConnection connection(port());
    connection.send_raw("GET " + large_path_ + " HTTP/1.0\r\n\r\n");
    Reply reply = connection.read_reply();
    EXPECT_EQ(reply.status, expected);
    EXPECT_FALSE(reply.has("Transfer-Encoding"));
    if (expected == 200) {
      EXPECT_EQ(reply.body, large_.text());
    }
    hub_.remove(rule);
    rule = hub_.add({.path = large_path_, .chunked = true, .ignore_range = true, .no_length = true});
  }
}

TEST_F(VerifyTest, AnUpstreamWithoutLengthsIsNoMatterWhereTheManifestNamesTheSize) {
  hub_.push("library/app", "1", make_image({large_}));
  hub_.add({.path = large_path_, .chunked = true, .ignore_range = true, .no_length = true});
  start();
  get(manifest_path("library/app", "1"));
  Reply reply = get(large_path_);
  EXPECT_EQ(reply.header("Content-Length"), std::to_string(large_.size()));
  EXPECT_EQ(reply.body, large_.text());
}

TEST_F(VerifyTest, AWrongDigestHeaderOfTheUpstreamIsNotPassedOn) {
  Image image = make_image({small_});
  hub_.push("library/app", "1", image);
  std::string path = manifest_path("library/app", "1");
  hub_.add({.method = "GET", .path = path, .digest = small_.digest});
  start();
  Reply reply = get(path);
  if (reply.status == 200) {
    EXPECT_EQ(reply.header("Docker-Content-Digest"), image.manifest.digest);
  } else {
    EXPECT_EQ(reply.status, 502);
  }
}

}  // namespace
}  // namespace entrepot::test
