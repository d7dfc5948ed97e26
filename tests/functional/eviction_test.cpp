// What goes, seen from outside: disk, memory, _catalog, and what the upstream is asked again.
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "functional/daemon_test.hpp"

namespace entrepot::test {
namespace {

class EvictionTest : public DaemonTest {
 protected:
  EvictionTest() {
    config_.eviction = {.ttl = 1h, .interval = 20ms};
    for (auto& [name, upstream] : config_.upstreams) upstream.eviction = config_.eviction;
    config_.upstreams.at("ghcr.io").eviction.ttl = 30s;
    hub_.push("library/app", "1", image_);
    ghcr_.push("someone/probe", "1", make_image({}, 9));
  }

  void pull() {
    EXPECT_EQ(get(by_tag_).body, image_.manifest.text());
    EXPECT_EQ(get(layer_path_).body, layer_.text());
  }
  std::string catalog(const std::string& query = "") {
    return nlohmann::json::parse(get("/v2/_catalog" + query).body).at("repositories").dump();
  }

  // Lets time pass, at least a minute, and returns when what is there was looked at since.
  void pass(Duration time) {
    EXPECT_EQ(get("/v2/ghcr.io/someone/probe/manifests/1").status, 200);
    clock_.advance(time);
    EXPECT_TRUE(becomes_true([&] { return catalog("?ns=ghcr.io") == "[]"; }));
  }

  // What the store takes, while nothing comes or goes: a walk takes its time.
  std::uint64_t bytes_on_disk() const {
    std::uint64_t sum = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(config_.storage.path)) {
      struct stat info{};
      if (::lstat(entry.path().c_str(), &info) == 0) sum += static_cast<std::uint64_t>(info.st_blocks) * 512;
    }
    return sum;
  }

  Object layer_ = make_blob(300'000);
  Image image_ = make_image({layer_});
  std::string by_tag_ = manifest_path("library/app", "1");
  std::string by_digest_ = manifest_path("library/app", image_.manifest.digest);
  std::string layer_path_ = blob_path("library/app", layer_.digest);
};

TEST_F(EvictionTest, WhatNobodyUsesIsGoneFromDiskMemoryAndCatalog) {
  start();
  pull();
  EXPECT_EQ(catalog(), R"(["library/app"])");
  EXPECT_TRUE(becomes_true([&] { return files() == 2; }));
  clock_.advance(2h);
  EXPECT_TRUE(becomes_true([&] { return files() == 0 && catalog() == "[]"; }));
  hub_.add({.answer = CannedAnswer{500}});
  for (const std::string& path : {by_tag_, by_digest_, layer_path_}) EXPECT_EQ(get(path).status, 502) << path;
  hub_.behave();
  pull();
  EXPECT_EQ(hub_.log().bytes_sent(layer_path_), 2 * layer_.size());
}

TEST_F(EvictionTest, LayersStayWithTheManifestThatIsPulledThoughNobodyAsksForThem) {
  start();
  pull();
  EXPECT_TRUE(becomes_true([&] { return files() == 2; }));
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(get(by_tag_).header("Cache-Status"), kHit);
    pass(40min);
  }
  EXPECT_EQ(get(layer_path_).header("Cache-Status"), kHit);
}

TEST_F(EvictionTest, AHeadIsAUse) {
  start();
  pull();
  EXPECT_TRUE(becomes_true([&] { return files() == 2; }));
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(head(by_digest_).status, 200);
    pass(40min);
  }
  EXPECT_EQ(get(layer_path_).header("Cache-Status"), kHit);
}

TEST_F(EvictionTest, AReaderOfAnEvictedBlobReadsOnToItsEnd) {
  Object large = make_blob(30 * 1024 * 1024, 5);
  hub_.push_blob("library/app", large);
  std::string path = blob_path("library/app", large.digest);
  start();
  EXPECT_EQ(get(path).body, large.text());
  auto download = open(path);
  EXPECT_EQ(download->reply.header("Cache-Status"), kHit);
  // Its state file goes last, when the index knows it: of a link that is written after the clock moved the time is new.
  EXPECT_TRUE(becomes_true([&] { return std::filesystem::is_empty(config_.storage.path / "fills"); }));
  EXPECT_EQ(files(), 1u);
  clock_.advance(2h);
  EXPECT_TRUE(becomes_true([&] { return files() == 0; }));
  EXPECT_TRUE(download->finish().body == large.text());
}

TEST_F(EvictionTest, AFullStoreMakesRoomForWhatIsPulled) {
  config_.storage.max_size = 4 * 1024 * 1024;
  start();
  for (int i = 0; i < 20; ++i) {
    Object blob = make_blob(700'000, 100 + static_cast<std::uint64_t>(i));
    hub_.push_blob("library/app", blob);
    Reply reply = get(blob_path("library/app", blob.digest));
    EXPECT_EQ(reply.body, blob.text());
    EXPECT_EQ(reply.header("Cache-Status"), kMiss);
    // Until then it cannot go, and where the disk is slow there would be nothing else that can.
    EXPECT_TRUE(becomes_true([&] { return std::filesystem::is_empty(config_.storage.path / "fills"); }));
    EXPECT_LE(bytes_on_disk(), config_.storage.max_size);
  }
}

TEST_F(EvictionTest, ManyClientsOfASmallStoreGetWhatTheyAskFor) {
  config_.storage.max_size = 4 * 1024 * 1024;
  start();
  std::vector<Object> blobs;
  for (int i = 0; i < 30; ++i) {
    blobs.push_back(make_blob(400'000 + static_cast<std::size_t>(i), 200 + static_cast<std::uint64_t>(i)));
    hub_.push_blob("library/app", blobs.back());
  }
  in_parallel(8, [&](int client) {
    for (std::size_t i = 0; i < 40; ++i) {
      const Object& blob = blobs[(i * 7 + static_cast<std::size_t>(client) * 11) % blobs.size()];
      EXPECT_TRUE(get(blob_path("library/app", blob.digest)).body == blob.text());
    }
  });
  EXPECT_LE(bytes_on_disk(), config_.storage.max_size);
  EXPECT_GT(bytes_on_disk(), config_.storage.max_size / 2);
}

}  // namespace
}  // namespace entrepot::test
