// The doubles themselves: a test that leans on a fake fault must know that the fault is there.
#include "support/fake_registry.hpp"

#include <gtest/gtest.h>

#include "support/http_client.hpp"

namespace entrepot::test {
namespace {

class FakeRegistryTest : public ::testing::Test {
 protected:
  FakeRegistryTest() { registry_.push("library/app", "1", image_); }

  Reply get(const std::string& path, const HeaderList& headers = {}) {
    return request(registry_.port(), "GET", path, headers);
  }

  Object layer_ = make_blob(100'000);
  Image image_ = make_image({layer_});
  std::string manifest_path_ = "/v2/library/app/manifests/1";
  std::string blob_path_ = "/v2/library/app/blobs/" + layer_.digest;
  FakeRegistry registry_;
};

TEST_F(FakeRegistryTest, ServesWhatWasPushed) {
  Reply manifest = get(manifest_path_);
  EXPECT_EQ(manifest.status, 200);
  EXPECT_EQ(manifest.body, image_.manifest.text());
  EXPECT_EQ(manifest.header("Docker-Content-Digest"), sha256_of(manifest.body));
  EXPECT_EQ(get(blob_path_).body, layer_.text());
  EXPECT_EQ(get("/v2/library/app/manifests/2").status, 404);
  EXPECT_EQ(get("/v2/library/other/blobs/" + layer_.digest).status, 404);
  EXPECT_EQ(get("/v2/").body, "{}");
}

TEST_F(FakeRegistryTest, KeepsAConnectionForFurtherRequests) {
  HttpConnection connection(registry_.port());
  EXPECT_EQ(connection.request("HEAD", blob_path_).header("Content-Length"), "100000");
  EXPECT_EQ(connection.request("GET", blob_path_).body.size(), 100'000u);
  EXPECT_EQ(connection.request("GET", manifest_path_).body, image_.manifest.text());
}

TEST_F(FakeRegistryTest, AnswersRanges) {
  struct Case {
    const char* range;
    int status;
    std::uint64_t first, count;
  };
  for (const Case& c :
       {Case{"bytes=0-0", 206, 0, 1}, Case{"bytes=99990-", 206, 99'990, 10}, Case{"bytes=50-200000", 206, 50, 99'950},
        Case{"bytes=-7", 206, 99'993, 7}, Case{"bytes=100000-", 416, 0, 0}}) {
    Reply reply = get(blob_path_, {{"Range", c.range}});
    EXPECT_EQ(reply.status, c.status) << c.range;
    EXPECT_EQ(reply.body, layer_.text().substr(c.first, c.count)) << c.range;
  }
  registry_.add({.ignore_range = true});
  EXPECT_EQ(get(blob_path_, {{"Range", "bytes=5-9"}}).body.size(), 100'000u);
}

TEST_F(FakeRegistryTest, CountsRequestsAndBytes) {
  get(blob_path_, {{"Range", "bytes=0-999"}});
  get(blob_path_, {{"Range", "bytes=1000-1999"}});
  EXPECT_EQ(registry_.log().count("GET", blob_path_), 2u);
  EXPECT_EQ(registry_.log().count("HEAD", "*"), 0u);
  EXPECT_EQ(registry_.log().bytes_sent(blob_path_), 2000u);
  EXPECT_EQ(registry_.log().bytes_sent_twice(blob_path_), 0u);
  get(blob_path_, {{"Range", "bytes=900-1099"}});
  EXPECT_EQ(registry_.log().bytes_sent_twice(blob_path_), 200u);
}

TEST_F(FakeRegistryTest, CutsAConnectionWhereToldAndAsOftenAsTold) {
  registry_.add({.path = blob_path_, .times = 1, .cut_after = 1234});
  Reply cut = get(blob_path_);
  EXPECT_EQ(cut.ending, Ending::Short);
  EXPECT_EQ(cut.body, layer_.text().substr(0, 1234));
  EXPECT_TRUE(get(blob_path_).complete());
  registry_.add({.path = blob_path_, .cut_after = 10, .reset = true});
  EXPECT_EQ(get(blob_path_).ending, Ending::Reset);
}

TEST_F(FakeRegistryTest, SendsAWrongByteOrAWrongLength) {
  auto rule = registry_.add({.path = blob_path_, .corrupt_at = 70'000});
  std::string body = get(blob_path_).body;
  EXPECT_NE(body, layer_.text());
  EXPECT_EQ(body.substr(0, 70'000), layer_.text().substr(0, 70'000));
  EXPECT_EQ(body.substr(70'001), layer_.text().substr(70'001));
  registry_.remove(rule);
  rule = registry_.add({.path = blob_path_, .length_error = 5});
  EXPECT_EQ(get(blob_path_).ending, Ending::Short);
  registry_.remove(rule);
  registry_.add({.path = blob_path_, .length_error = -5});
  EXPECT_EQ(get(blob_path_).body, layer_.text().substr(0, 99'995));
}

TEST_F(FakeRegistryTest, SendsChunksWithoutALength) {
  registry_.add({.chunked = true});
  HttpConnection connection(registry_.port());
  Reply reply = connection.request("GET", blob_path_);
  EXPECT_FALSE(reply.has("Content-Length"));
  EXPECT_EQ(reply.body, layer_.text());
  EXPECT_TRUE(connection.request("GET", manifest_path_).complete());
}

TEST_F(FakeRegistryTest, HoldsAnAnswerUntilTheGateOpens) {
  GatePtr gate = make_gate();
  registry_.add({.path = blob_path_, .hold_body = gate, .hold_at = 40'000});
  HttpConnection connection(registry_.port());
  connection.send("GET", blob_path_);
  EXPECT_EQ(connection.read_head().status, 200);
  EXPECT_EQ(connection.read_exactly(40'000), layer_.text().substr(0, 40'000));
  EXPECT_TRUE(gate->await());
  EXPECT_EQ(registry_.log().bytes_sent(blob_path_), 40'000u);
  gate->open();
  EXPECT_EQ(connection.read_exactly(60'000), layer_.text().substr(40'000));
}

TEST_F(FakeRegistryTest, GivesACannedAnswer) {
  registry_.add({.path = "*/manifests/*", .answer = CannedAnswer{429, {{"Retry-After", "7"}}, "slow down"}});
  Reply reply = get(manifest_path_);
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(reply.header("Retry-After"), "7");
  EXPECT_EQ(reply.body, "slow down");
  registry_.behave();
  EXPECT_EQ(get(manifest_path_).status, 200);
}

TEST_F(FakeRegistryTest, IsDownWhenStoppedAndBackOnTheSamePort) {
  HttpConnection connection(registry_.port());
  EXPECT_EQ(connection.request("GET", "/v2/").status, 200);
  std::string url = registry_.url();
  registry_.stop();
  EXPECT_TRUE(connection.closed_by_peer());
  EXPECT_THROW(get("/v2/"), std::runtime_error);
  registry_.start();
  EXPECT_EQ(registry_.url(), url);
  EXPECT_EQ(get("/v2/").status, 200);
}

TEST_F(FakeRegistryTest, StoppingEndsABlackHole) {
  registry_.add({.black_hole = true});
  HttpConnection connection(registry_.port());
  connection.send("GET", "/v2/");
  EXPECT_TRUE(registry_.log().await("GET", "/v2/"));
  registry_.stop();
  EXPECT_EQ(connection.read_head().status, 0);
}

TEST_F(FakeRegistryTest, RedirectsBlobsToAStorageThatRefusesAuthorization) {
  FakeRegistry storage;
  registry_.redirect_blobs_to(storage, 302);
  Reply reply = get(blob_path_);
  EXPECT_EQ(reply.status, 302);
  std::string location = reply.header("Location");
  ASSERT_TRUE(location.starts_with(storage.url())) << location;
  std::string target = location.substr(storage.url().size());
  EXPECT_EQ(request(storage.port(), "GET", target).body, layer_.text());
  EXPECT_EQ(request(storage.port(), "GET", target, {{"Authorization", "Bearer x"}}).status, 400);
}

TEST_F(FakeRegistryTest, WantsATokenForTheRepository) {
  registry_.require_tokens({.credentials = "me:secret"});
  Reply refusal = get(manifest_path_);
  EXPECT_EQ(refusal.status, 401);
  EXPECT_NE(refusal.header("WWW-Authenticate").find("scope=\"repository:library/app:pull\""), std::string::npos);
  std::string token_path = "/token?service=fake&scope=repository:library/app:pull";
  EXPECT_EQ(get(token_path).status, 401);
  std::string body = get(token_path, {{"Authorization", "Basic bWU6c2VjcmV0"}}).body;
  HeaderList bearer{{"Authorization", "Bearer " + body.substr(10, body.find('"', 10) - 10)}};
  EXPECT_EQ(get(manifest_path_, bearer).status, 200);
  EXPECT_EQ(get("/v2/library/other/manifests/1", bearer).status, 401);
  registry_.revoke_tokens();
  EXPECT_EQ(get(manifest_path_, bearer).status, 401);
}

TEST_F(FakeRegistryTest, PagesTagsWithALink) {
  for (const char* tag : {"2", "3", "4"}) registry_.push("library/app", tag, image_);
  Reply page = get("/v2/library/app/tags/list?n=2&last=1");
  EXPECT_EQ(page.body, R"({"name":"library/app","tags":["2","3"]})");
  EXPECT_NE(page.header("Link").find("n=2&last=3>; rel=\"next\""), std::string::npos);
  EXPECT_FALSE(get("/v2/library/app/tags/list?n=2&last=3").has("Link"));
}

TEST(FakeRegistry, SpeaksTls) {
  Certificate certificate;
  FakeRegistry registry({.certificate = &certificate});
  ASSERT_TRUE(registry.url().starts_with("https://"));
  EXPECT_EQ(request(registry.port(), "GET", "/v2/", {}, {.tls = true}).body, "{}");
}

TEST(Image, DigestsAreThoseOfTheirBytes) {
  EXPECT_EQ(sha256_of(""), "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(make_blob(1000, 3).digest, make_blob(1000, 3).digest);
  EXPECT_NE(make_blob(1000, 3).digest, make_blob(1000, 4).digest);
  EXPECT_EQ(make_blob(1001).size(), 1001u);
}

}  // namespace
}  // namespace entrepot::test
