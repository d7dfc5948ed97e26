// What a pull gets and what it costs upstream: cold, warm, and with the upstream down.
#include "functional/daemon_test.hpp"

namespace entrepot::test {
namespace {

class PullTest : public DaemonTest {
 protected:
  PullTest() { hub_.push("library/app", "1", image_); }

  void expect_manifest(const Reply& reply, const std::string& cache_status) {
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.header("Content-Type"), image_.manifest.media_type);
    EXPECT_EQ(reply.header("Content-Length"), std::to_string(image_.manifest.size()));
    EXPECT_EQ(reply.header("Docker-Content-Digest"), image_.manifest.digest);
    EXPECT_EQ(reply.header("ETag"), '"' + image_.manifest.digest + '"');
    EXPECT_EQ(reply.header("Accept-Ranges"), "bytes");
    EXPECT_EQ(reply.header("Docker-Distribution-API-Version"), "registry/2.0");
    EXPECT_EQ(reply.header("Cache-Status"), cache_status);
    EXPECT_FALSE(reply.has("Content-Encoding"));
    EXPECT_FALSE(reply.has("Transfer-Encoding"));
  }

  void expect_layer(const Reply& reply, const std::string& cache_status) {
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.header("Content-Type"), "application/octet-stream");
    EXPECT_EQ(reply.header("Content-Length"), std::to_string(layer_.size()));
    EXPECT_EQ(reply.header("Docker-Content-Digest"), layer_.digest);
    EXPECT_EQ(reply.header("ETag"), '"' + layer_.digest + '"');
    EXPECT_EQ(reply.header("Accept-Ranges"), "bytes");
    EXPECT_EQ(reply.header("Docker-Distribution-API-Version"), "registry/2.0");
    EXPECT_EQ(reply.header("Cache-Status"), cache_status);
    EXPECT_FALSE(reply.has("Transfer-Encoding"));
  }

  Object layer_ = make_blob(300'000);
  Image image_ = make_image({layer_});
  std::string by_tag_ = manifest_path("library/app", "1");
  std::string by_digest_ = manifest_path("library/app", image_.manifest.digest);
  std::string layer_path_ = blob_path("library/app", layer_.digest);
};

TEST_F(PullTest, ColdManifestByTagComesFromUpstreamByteForByte) {
  start();
  Reply reply = get(by_tag_);
  expect_manifest(reply, kMiss);
  EXPECT_EQ(reply.body, image_.manifest.text());
}

TEST_F(PullTest, WarmManifestByTagIsAHit) {
  start();
  get(by_tag_);
  Reply reply = get(by_tag_);
  expect_manifest(reply, kHit);
  EXPECT_EQ(reply.body, image_.manifest.text());
}

TEST_F(PullTest, ManifestByDigestIsFetchedOnceAndThenNeedsNoUpstream) {
  start();
  expect_manifest(get(by_digest_), kMiss);
  hub_.log().clear();
  Reply warm = get(by_digest_);
  expect_manifest(warm, kHit);
  EXPECT_EQ(warm.body, image_.manifest.text());
  EXPECT_EQ(hub_.log().count("", "*"), 0u);
  hub_.stop();
  expect_manifest(get(by_digest_), kHit);
}

TEST_F(PullTest, ManifestPulledByTagIsThereByDigest) {
  start();
  get(by_tag_);
  hub_.stop();
  expect_manifest(get(by_digest_), kHit);
}

TEST_F(PullTest, BlobIsFetchedOnceAndThenNeedsNoUpstream) {
  start();
  Reply cold = get(layer_path_);
  expect_layer(cold, kMiss);
  EXPECT_EQ(cold.body, layer_.text());
  hub_.log().clear();
  Reply warm = get(layer_path_);
  expect_layer(warm, kHit);
  EXPECT_EQ(warm.body, layer_.text());
  EXPECT_EQ(hub_.log().count("", "*"), 0u);
  hub_.stop();
  EXPECT_EQ(get(layer_path_).body, layer_.text());
}

TEST_F(PullTest, AWholeImageIsServedWithTheUpstreamDown) {
  start();
  for (const std::string& path : {by_tag_, layer_path_, blob_path("library/app", image_.config.digest)}) get(path);
  hub_.stop();
  Reply manifest = get(by_tag_);
  expect_manifest(manifest, kStale);
  EXPECT_EQ(manifest.header("Warning"), kStaleWarning);
  EXPECT_EQ(get(layer_path_).body, layer_.text());
  EXPECT_EQ(get(blob_path("library/app", image_.config.digest)).body, image_.config.text());
}

TEST_F(PullTest, HeadHasTheHeadersOfGetAndNoBody) {
  start();
  get(by_tag_);
  get(layer_path_);
  HttpConnection connection(port());
  expect_manifest(connection.request("HEAD", by_tag_), kHit);
  expect_layer(connection.request("HEAD", layer_path_), kHit);
  Reply next = connection.request("GET", by_digest_);  // on the same connection: no stray body came before it
  EXPECT_EQ(next.body, image_.manifest.text());
}

TEST_F(PullTest, ConditionalRequestForWhatTheClientHasIs304) {
  start();
  get(by_tag_);
  get(layer_path_);
  for (const std::string& path : {by_tag_, by_digest_, layer_path_}) {
    std::string etag = '"' + (path == layer_path_ ? layer_ : image_.manifest).digest + '"';
    for (const std::string& value : {etag, "\"other\", " + etag, "W/" + etag, std::string("*")}) {
      Reply reply = get(path, {{"If-None-Match", value}});
      EXPECT_EQ(reply.status, 304) << path << " " << value;
      EXPECT_EQ(reply.header("ETag"), etag);
      EXPECT_TRUE(reply.body.empty());
    }
    EXPECT_EQ(get(path, {{"If-None-Match", "\"other\""}}).status, 200) << path;
    EXPECT_EQ(get(path, {{"If-None-Match", "\"other\""}, {"If-None-Match", etag}}).status, 304) << path;
  }
}

TEST_F(PullTest, AnIndexAndItsChildrenArePulled) {
  Image arm = make_image({make_blob(1000, 7)}, 2);
  Object index = make_index({image_, arm});
  hub_.push("library/app", "", arm);
  hub_.push_manifest("library/app", index, "multi");
  start();
  Reply reply = get(manifest_path("library/app", "multi"));
  EXPECT_EQ(reply.body, index.text());
  EXPECT_EQ(reply.header("Content-Type"), index.media_type);
  EXPECT_EQ(get(manifest_path("library/app", arm.manifest.digest)).body, arm.manifest.text());
}

TEST_F(PullTest, AnIndexIsServedThoughUpstreamLacksSomeOfItsChildren) {
  Image absent = make_image({}, 2);
  Object index = make_index({image_, absent});
  hub_.push_manifest("library/app", index, "sparse");
  start();
  EXPECT_EQ(get(manifest_path("library/app", "sparse")).body, index.text());
  EXPECT_EQ(get(by_digest_).body, image_.manifest.text());
  EXPECT_EQ(get(manifest_path("library/app", absent.manifest.digest)).status, 404);
}

TEST_F(PullTest, AnArtifactWithTheEmptyConfigIsPulled) {
  Object empty = make_object("application/vnd.oci.empty.v1+json", "{}");
  std::string config = descriptor_json(empty, R"("data":"e30=")");
  Object manifest = make_object(
      "application/vnd.oci.image.manifest.v1+json",
      R"({"schemaVersion":2,"artifactType":"application/x","config":)" + config + R"(,"layers":[)" + config + "]}");
  hub_.push_manifest("library/artifact", manifest, "1");
  hub_.push_blob("library/artifact", empty);
  start();
  EXPECT_EQ(get(manifest_path("library/artifact", "1")).body, manifest.text());
  EXPECT_EQ(get(blob_path("library/artifact", empty.digest)).body, "{}");
}

TEST_F(PullTest, NothingIsEncodedWhateverTheClientAccepts) {
  start();
  const HeaderList accept = {{"Accept-Encoding", "zstd;q=1.0, gzip;q=0.8, deflate;q=0.5"}};
  for (const char* cache_status : {kMiss, kHit}) {
    Reply manifest = get(by_tag_, accept);
    expect_manifest(manifest, cache_status);
    EXPECT_EQ(manifest.body, image_.manifest.text());
    Reply layer = get(layer_path_, accept);
    expect_layer(layer, cache_status);
    EXPECT_FALSE(layer.has("Content-Encoding"));
    EXPECT_EQ(layer.body, layer_.text());
  }
}

TEST_F(PullTest, WhatUpstreamSaysOfItselfIsNotPassedOn) {
  const HeaderList own = {{"Content-Type", image_.manifest.media_type},
                          {"X-Registry-Supports-Signatures", "1"},
                          {"Set-Cookie", "a=b"},
                          {"RateLimit-Limit", "100;w=21600"}};
  hub_.add({.path = by_tag_, .answer = CannedAnswer{.headers = own, .body = *image_.manifest.bytes}});
  hub_.add({.path = layer_path_, .answer = CannedAnswer{.headers = own, .body = *layer_.bytes}});
  start();
  for (const std::string& path : {std::string("/v2/"), by_tag_, layer_path_}) {
    Reply reply = get(path);
    EXPECT_EQ(reply.status, 200) << path;
    for (const char* name : {"X-Registry-Supports-Signatures", "Set-Cookie", "RateLimit-Limit"})
      EXPECT_FALSE(reply.has(name)) << path << " " << name;
  }
}

TEST_F(PullTest, TheClientsAcceptIsIgnoredAndUpstreamIsAskedForEveryType) {
  start();
  Reply reply = get(by_tag_, {{"Accept", "application/vnd.docker.distribution.manifest.v2+json"}});
  expect_manifest(reply, kMiss);
  std::string accept = hub_.log().requests("GET", by_tag_).at(0).header("Accept");
  for (const char* type :
       {"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"})
    EXPECT_NE(accept.find(type), std::string::npos) << type;
  EXPECT_EQ(accept.find("manifest.v1+prettyjws"), std::string::npos);
}

TEST_F(PullTest, Sha512DigestsAreServedToo) {
  Object blob = make_blob(200'000, 5);
  blob.digest = sha512_of(blob.text());
  hub_.push_blob("library/app", blob);
  start();
  std::string path = blob_path("library/app", blob.digest);
  EXPECT_EQ(get(path).body, blob.text());
  hub_.stop();
  EXPECT_EQ(get(path).body, blob.text());
}

TEST_F(PullTest, AnEmptyBlobIsEmpty) {
  Object empty = make_object("application/octet-stream", "");
  hub_.push_blob("library/app", empty);
  start();
  for (int i = 0; i < 2; ++i) {
    Reply reply = get(blob_path("library/app", empty.digest), {{"Range", "bytes=0-"}});
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.header("Content-Length"), "0");
  }
}

TEST_F(PullTest, APercentEncodedDigestIsTheSameDigest) {
  start();
  std::string encoded = layer_path_;
  encoded.replace(encoded.rfind(':'), 1, "%3A");
  EXPECT_EQ(get(encoded).body, layer_.text());
}

TEST_F(PullTest, UpstreamIsReachedOverTlsWithAnOwnCa) {
  Certificate certificate;
  FakeRegistry secure({.certificate = &certificate});
  secure.push("team/app", "1", image_);
  add_upstream("secure.example", secure).ca = certificate.certificate_file();
  FakeRegistry stranger({.certificate = &certificate});
  stranger.push("team/app", "1", image_);
  add_upstream("stranger.example", stranger);
  start();
  EXPECT_EQ(get("/v2/secure.example/team/app/manifests/1").body, image_.manifest.text());
  EXPECT_EQ(get("/v2/stranger.example/team/app/manifests/1").status, 502);
  stop();
}

TEST_F(PullTest, AListenerSpeaksTls) {
  Certificate certificate;
  config_.listeners[1].tls = config::ListenerTls{certificate.certificate_file(), certificate.key_file()};
  start();
  Reply reply = request(port(1), "GET", layer_path_, {}, {.tls = true});
  EXPECT_EQ(reply.body, layer_.text());
}

}  // namespace
}  // namespace entrepot::test
