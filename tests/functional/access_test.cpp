// What one repository may not see, another's copy in the cache does not show.
#include "functional/daemon_test.hpp"

namespace entrepot::test {
namespace {

class AccessTest : public DaemonTest {
 protected:
  AccessTest() {
    hub_.push_blob("team/a", blob_);
    hub_.push_blob("team/b", blob_);
  }

  void deny_b() { hub_.add({.path = "/v2/team/b/*", .answer = CannedAnswer{403}}); }
  static std::string in(const std::string& repository, const Object& blob) {
    return blob_path(repository, blob.digest);
  }

  Object blob_ = make_blob(1024 * 1024);
  std::string in_a_ = in("team/a", blob_);
  std::string in_b_ = in("team/b", blob_);
  GatePtr gate_ = make_gate();
};

TEST_F(AccessTest, AStoredBlobIsRefusedWhereUpstreamRefusesIt) {
  deny_b();
  start();
  EXPECT_EQ(get(in_a_).body, blob_.text());
  Reply refused = get(in_b_);
  EXPECT_EQ(refused.status, 403);
  EXPECT_NE(refused.body.find("DENIED"), std::string::npos);
  EXPECT_EQ(head(in_b_).status, 403);
  EXPECT_EQ(get(in_a_).status, 200);
}

TEST_F(AccessTest, ABlobOnItsWayIsRefusedWhereUpstreamRefusesIt) {
  deny_b();
  hub_.add({.method = "GET", .path = in_a_, .hold_body = gate_, .hold_at = 500'000});
  start();
  auto download = open(in_a_);
  ASSERT_TRUE(gate_->await());
  EXPECT_EQ(get(in_b_).status, 403);
  gate_->open();
  EXPECT_EQ(download->finish().body, blob_.text());
}

TEST_F(AccessTest, ABlobThatUpstreamHasNotInTheRepositoryIs404ThoughItIsStored) {
  start();
  EXPECT_EQ(get(in_a_).status, 200);
  EXPECT_EQ(get(in("team/c", blob_)).status, 404);
}

TEST_F(AccessTest, AnotherRepositoryThatShowsTheBlobCostsNoSecondDownload) {
  start();
  EXPECT_EQ(get(in_a_).status, 200);
  Reply reply = get(in_b_);
  EXPECT_EQ(reply.body, blob_.text());
  EXPECT_LE(hub_.log().bytes_sent(in_b_), 1u);  // asked by HEAD, or for one byte
  hub_.log().clear();
  EXPECT_EQ(get(in_b_).status, 200);
  EXPECT_EQ(hub_.log().count("", "*"), 0u);  // and is remembered
}

TEST_F(AccessTest, AnotherRepositoryJoinsARunningDownload) {
  hub_.add({.method = "GET", .path = in_a_, .hold_body = gate_, .hold_at = 500'000});
  start();
  auto a = open(in_a_);
  ASSERT_TRUE(gate_->await());
  auto b = open(in_b_);
  EXPECT_EQ(b->reply.header("Cache-Status"), kCollapsed);
  gate_->open();
  EXPECT_EQ(a->finish().body, blob_.text());
  EXPECT_EQ(b->finish().body, blob_.text());
  expect_one_download(hub_, in_a_, blob_.size());
  EXPECT_LE(hub_.log().bytes_sent(in_b_), 1u);
}

TEST_F(AccessTest, ABlobListedInAServedManifestNeedsNoProof) {
  hub_.push("team/b", "1", make_image({blob_}));
  start();
  EXPECT_EQ(get(in_a_).status, 200);
  EXPECT_EQ(get(manifest_path("team/b", "1")).status, 200);
  EXPECT_EQ(get(in_b_).body, blob_.text());
  EXPECT_EQ(hub_.log().count("", in_b_), 0u);
}

TEST_F(AccessTest, SubjectAndForeignLayersProveNothing) {
  Object subject = make_blob(1000, 8);
  Object foreign = make_blob(1000, 9);
  hub_.push_blob("team/a", subject);
  hub_.push_blob("team/a", foreign);
  Object foreign_layer = foreign;
  foreign_layer.media_type = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
  Image image = make_image({}, 1, descriptor_json(foreign_layer), "\"subject\":" + descriptor_json(subject));
  hub_.push("team/thief", "1", image);
  start();
  EXPECT_EQ(get(in("team/a", subject)).status, 200);
  EXPECT_EQ(get(in("team/a", foreign)).status, 200);
  EXPECT_EQ(get(manifest_path("team/thief", "1")).status, 200);
  for (const Object& blob : {subject, foreign}) {
    EXPECT_EQ(get(in("team/thief", blob)).status, 404);
    EXPECT_GE(hub_.log().count("", in("team/thief", blob)), 1u);
  }
}

TEST_F(AccessTest, AManifestIsRefusedWhereUpstreamRefusesIt) {
  Image image = make_image({blob_});
  hub_.push("team/a", "1", image);
  deny_b();
  start();
  EXPECT_EQ(get(manifest_path("team/a", image.manifest.digest)).status, 200);
  EXPECT_EQ(get(manifest_path("team/b", image.manifest.digest)).status, 403);
}

TEST_F(AccessTest, OneUpstreamsProofIsNotAnothers) {
  start();
  EXPECT_EQ(get(in_a_).status, 200);
  EXPECT_EQ(get("/v2/ghcr.io/team/a/blobs/" + blob_.digest).status, 404);
}

TEST_F(AccessTest, AnUpstreamThatLiesHurtsOnlyItsOwnClients) {
  ghcr_.push_blob("team/a", blob_);
  hub_.add({.method = "GET", .path = in_a_, .hold_body = gate_, .hold_at = 900'000, .corrupt_at = 1000});
  start();
  auto lied_to = open(in_a_);
  ASSERT_TRUE(gate_->await());
  auto honest = open("/v2/ghcr.io/team/a/blobs/" + blob_.digest);
  gate_->open();
  EXPECT_EQ(honest->finish().body, blob_.text());
  EXPECT_EQ(lied_to->finish().ending, Ending::Short);
}

TEST_F(AccessTest, ARefusalReachesOnlyThoseWhoAskedThere) {
  hub_.add({.path = in_a_, .answer = CannedAnswer{403}, .hold = gate_});
  start();
  HttpConnection a(port());
  HttpConnection b(port());
  a.send("GET", in_a_);
  ASSERT_TRUE(gate_->await());
  b.send("GET", in_b_);
  settle();
  gate_->open();
  EXPECT_EQ(a.read_reply().status, 403);
  EXPECT_EQ(b.read_reply().body, blob_.text());
}

TEST_F(AccessTest, ADownloadGoesOnWithAnotherRepositoryWhenItsOwnIsRefused) {
  hub_.add({.method = "GET", .path = in_a_, .answer = CannedAnswer{403}});
  hub_.add({.method = "GET", .path = in_a_, .times = 1, .hold_body = gate_, .hold_at = 500'000, .cut_after = 500'001});
  start();
  auto a = open(in_a_);
  ASSERT_TRUE(gate_->await());
  auto b = open(in_b_);
  gate_->open();
  EXPECT_EQ(b->finish().body, blob_.text());
}

TEST_F(AccessTest, ABlobAskedForAsAManifestIs404) {
  start();
  EXPECT_EQ(get(in_a_).status, 200);
  EXPECT_EQ(get(manifest_path("team/a", blob_.digest)).status, 404);
}

TEST_F(AccessTest, AStoredManifestAskedForAsABlobIsItsBytes) {
  Image image = make_image({});
  hub_.push("team/a", "1", image);
  start();
  EXPECT_EQ(get(manifest_path("team/a", "1")).status, 200);
  Reply reply =
      get_until(in("team/a", image.manifest), std::string(image.manifest.text()));  // it is stored behind the answer
  EXPECT_EQ(reply.body, image.manifest.text());
  EXPECT_EQ(reply.header("Content-Type"), "application/octet-stream");
  EXPECT_EQ(head(in("team/a", image.manifest)).status, 200);
  EXPECT_EQ(get(in("team/b", image.manifest)).status, 404);
}

}  // namespace
}  // namespace entrepot::test
