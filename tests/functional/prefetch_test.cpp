// `prefetch: layers`: an image's other layers are fetched once a client begins with one of them.
#include "functional/daemon_test.hpp"

namespace entrepot::test {
namespace {

class PrefetchTest : public DaemonTest {
 protected:
  PrefetchTest() {
    hub_config().fetching.prefetch_layers = true;
    for (std::uint64_t i = 0; i < 6; ++i) layers_.push_back(make_blob(100'000 + i, i + 1));
    image_.emplace(make_image(layers_));
    hub_.push("library/app", "1", *image_);
  }

  void pull_manifest() { EXPECT_EQ(get(manifest_path("library/app", image_->manifest.digest)).status, 200); }
  std::string layer(std::size_t i) const { return blob_path("library/app", layers_.at(i).digest); }
  std::size_t layers_asked() {
    std::size_t asked = 0;
    for (std::size_t i = 0; i < layers_.size(); ++i) asked += hub_.log().count("GET", layer(i)) > 0 ? 1 : 0;
    return asked;
  }

  // The manifest, the config, and so many layers.
  bool has_stored(std::size_t layers) {
    return becomes_true([&] { return files() == 1 + layers; });
  }

  std::vector<Object> layers_;
  std::optional<Image> image_;
};

TEST_F(PrefetchTest, TheFirstLayerBringsTheOthersAndNoneTwice) {
  start();
  pull_manifest();
  EXPECT_EQ(get(layer(2)).body, layers_[2].text());
  EXPECT_TRUE(has_stored(6));
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    EXPECT_EQ(get(layer(i)).header("Cache-Status"), kHit);
    EXPECT_EQ(hub_.log().bytes_sent(layer(i)), layers_[i].size());
  }
}

TEST_F(PrefetchTest, WhoLooksAtManifestAndConfigOnlyBringsNoLayer) {
  start();
  pull_manifest();
  EXPECT_EQ(get(blob_path("library/app", image_->config.digest)).status, 200);
  EXPECT_EQ(head(layer(0)).status, 200);
  settle();
  EXPECT_EQ(layers_asked(), 0u);
}

TEST_F(PrefetchTest, WhoReadsPartsBringsNoOtherLayer) {
  start();
  pull_manifest();
  EXPECT_EQ(get(layer(0), {{"Range", "bytes=0-99"}}).status, 206);
  EXPECT_EQ(get(layer(1), {{"Range", "bytes=0-"}}).status, 206);
  EXPECT_TRUE(has_stored(2));
  EXPECT_EQ(layers_asked(), 2u);
}

TEST_F(PrefetchTest, OnlyThePlatformThatIsPulled) {
  Image other = make_image({layers_[0], make_blob(100'000, 77)}, 2);
  hub_.push("library/app", "arm", other);
  Object index = make_index({*image_, other});
  hub_.push_manifest("library/app", index, "both");
  start();
  EXPECT_EQ(get(manifest_path("library/app", "both")).status, 200);
  pull_manifest();
  EXPECT_EQ(get(layer(0)).status, 200);
  EXPECT_TRUE(becomes_true([&] { return files() == 2 + 6; }));
  EXPECT_EQ(hub_.log().count("GET", blob_path("library/app", other.layers[1].digest)), 0u);
}

TEST_F(PrefetchTest, ForeignLayersAreLeftOut) {
  Object foreign = make_blob(100'000, 78);
  foreign.media_type = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
  Image image = make_image({layers_[0], layers_[1]}, 3, descriptor_json(foreign));
  hub_.push("library/app", "2", image);
  start();
  EXPECT_EQ(get(manifest_path("library/app", "2")).status, 200);
  EXPECT_EQ(get(layer(0)).status, 200);
  EXPECT_TRUE(has_stored(2));
  EXPECT_EQ(hub_.log().count("GET", blob_path("library/app", foreign.digest)), 0u);
}

TEST_F(PrefetchTest, ALayerThatTheUpstreamRefusesStopsNoOther) {
  hub_.add({.method = "GET", .path = layer(1), .answer = CannedAnswer{500}});
  start();
  pull_manifest();
  EXPECT_EQ(get(layer(0)).status, 200);
  EXPECT_TRUE(has_stored(5));
}

TEST_F(PrefetchTest, ByDefaultNothingIsFetchedAhead) {
  hub_config().fetching.prefetch_layers = false;
  start();
  pull_manifest();
  EXPECT_EQ(get(layer(0)).status, 200);
  EXPECT_TRUE(has_stored(1));
  settle();
  EXPECT_EQ(layers_asked(), 1u);
}

}  // namespace
}  // namespace entrepot::test
