// What a daemon knows after it was stopped, and what it does without room or without its index.
#include <fstream>
#include <future>

#include "functional/daemon_test.hpp"

namespace entrepot::test {
namespace {

class RestartTest : public DaemonTest {
 protected:
  static constexpr std::size_t kSize = 4 * 1024 * 1024;

  RestartTest() { hub_.push("library/app", "1", image_); }

  // Stops it when `held` bytes of the layer have come.
  void stop_in_the_middle(std::size_t held) {
    GatePtr gate = make_gate();
    auto rule = hub_.add({.method = "GET", .path = layer_path_, .hold_body = gate, .hold_at = held});
    start();
    auto download = open(layer_path_);
    EXPECT_EQ(download->connection.read_exactly(held), layer_.text().substr(0, held));
    stop();
    gate->open();
    hub_.remove(rule);
    hub_.log().clear();
  }

  // Clients have their last byte a moment before it is on the disk.
  void stop_when_stored(std::size_t count) {
    EXPECT_TRUE(
        becomes_true([&] { return files() == count && std::filesystem::is_empty(config_.storage.path / "fills"); }));
    stop();
  }

  void remove_index() {
    for (const char* name : {"index.db", "index.db-wal", "index.db-shm"})
      std::filesystem::remove(config_.storage.path / name);
  }

  Object layer_ = make_blob(kSize);
  Image image_ = make_image({layer_});
  std::string by_tag_ = manifest_path("library/app", "1");
  std::string by_digest_ = manifest_path("library/app", image_.manifest.digest);
  std::string layer_path_ = blob_path("library/app", layer_.digest);
};

TEST_F(RestartTest, WhatWasCompleteIsServedWithTheUpstreamDown) {
  start();
  get(by_tag_);
  get(layer_path_);
  stop_when_stored(2);
  hub_.stop();
  start();
  EXPECT_EQ(get(by_tag_).header("Cache-Status"), kStale);
  EXPECT_EQ(get(by_digest_).body, image_.manifest.text());
  EXPECT_EQ(get(by_digest_).header("Content-Type"), image_.manifest.media_type);
  EXPECT_EQ(get(layer_path_).body, layer_.text());
  EXPECT_EQ(get("/v2/_catalog").body, R"({"repositories":["library/app"]})");
}

TEST_F(RestartTest, ADownloadInTheMiddleIsGoneOnWith) {
  stop_in_the_middle(3 * 1024 * 1024);
  start();
  EXPECT_EQ(get(layer_path_).body, layer_.text());
  EXPECT_LE(hub_.log().bytes_sent(layer_path_), kSize / 4 + 1024 * 1024);
}

TEST_F(RestartTest, ADownloadInTheMiddleWaitsForItsUpstream) {
  stop_in_the_middle(3 * 1024 * 1024);
  hub_.stop();
  start();
  EXPECT_EQ(get(layer_path_).status, 502);
  hub_.start();
  EXPECT_EQ(get(layer_path_).body, layer_.text());
  EXPECT_LE(hub_.log().bytes_sent(layer_path_), kSize / 4 + 1024 * 1024);
}

TEST_F(RestartTest, WithoutItsIndexNoBlobIsDownloadedAgain) {
  start();
  get(by_tag_);
  get(layer_path_);
  stop_when_stored(2);
  remove_index();
  hub_.log().clear();
  start();
  EXPECT_EQ(get(layer_path_).body, layer_.text());
  EXPECT_LE(hub_.log().bytes_sent(layer_path_), 1u);  // a HEAD, or one byte
  EXPECT_GE(hub_.log().count("", layer_path_), 1u);   // but it had to be shown again
  EXPECT_EQ(get(by_tag_).body, image_.manifest.text());
  EXPECT_EQ(get(by_digest_).body, image_.manifest.text());
}

TEST_F(RestartTest, AManifestFoundWrongWhileItsUpstreamIsAskedIsFetchedAnew) {
  start();
  get(by_digest_);
  get("/v2/_catalog");  // waits until it is on the disk
  stop();
  remove_index();
  std::string hex = image_.manifest.digest.substr(image_.manifest.digest.find(':') + 1);
  std::ofstream(config_.storage.path / "blobs/sha256" / hex.substr(0, 2) / hex, std::ios::in) << "other";
  start();

  GatePtr gate = make_gate();
  hub_.add({.method = "HEAD", .path = by_digest_, .hold = gate});
  auto pull = std::async(std::launch::async, [this] { return get(by_digest_); });
  ASSERT_TRUE(gate->await());
  hub_.push_blob("team/b", image_.manifest);  // asked for there, it is hashed, and found wrong
  std::string as_blob = blob_path("team/b", image_.manifest.digest);
  hub_.add({.method = "GET", .path = as_blob, .answer = CannedAnswer{403}});
  EXPECT_EQ(get(as_blob).status, 403);
  gate->open();
  EXPECT_EQ(pull.get().body, image_.manifest.text());
}

TEST_F(RestartTest, WithoutItsIndexAndItsUpstreamNothingIsShown) {
  start();
  get(layer_path_);
  stop_when_stored(1);
  remove_index();
  hub_.stop();
  start();
  EXPECT_EQ(get(layer_path_).status, 502);
}

TEST_F(RestartTest, ADamagedIndexIsSetAside) {
  start();
  get(layer_path_);
  stop_when_stored(1);
  remove_index();
  std::ofstream(config_.storage.path / "index.db") << std::string(10'000, 'x');
  start();
  EXPECT_EQ(get(layer_path_).body, layer_.text());
  std::size_t set_aside = 0;
  for (const auto& entry : std::filesystem::directory_iterator(config_.storage.path)) {
    std::string name = entry.path().filename();
    if (name.starts_with("index.db.") || name.starts_with("index.db-corrupt")) ++set_aside;
  }
  EXPECT_GE(set_aside, 1u);
}

TEST_F(RestartTest, AStoredFileThatIsDamagedIsNotServedAfterALostIndex) {
  start();
  get(layer_path_);
  stop_when_stored(1);
  remove_index();
  std::string hex = layer_.digest.substr(7);
  std::filesystem::path file = config_.storage.path / "blobs/sha256" / hex.substr(0, 2) / hex;
  ASSERT_TRUE(std::filesystem::exists(file));
  std::filesystem::permissions(file, std::filesystem::perms::owner_write, std::filesystem::perm_options::add);
  std::fstream(file, std::ios::in | std::ios::out).seekp(1000) << "damage";
  start();
  EXPECT_EQ(get(layer_path_).body, layer_.text());  // fetched anew
}

TEST_F(RestartTest, ASecondDaemonOnTheSameStoreDoesNotStart) {
  start();
  EXPECT_THROW(app::App(config_, clock_, store::real_disk()), std::runtime_error);
  EXPECT_EQ(get(layer_path_).status, 200);
}

TEST_F(RestartTest, AStoreOfALaterFormatIsLeftAlone) {
  std::filesystem::create_directories(config_.storage.path);
  std::ofstream(config_.storage.path / "FORMAT") << "entrepot-store 2\n";
  EXPECT_THROW(start(), std::runtime_error);
}

class NoRoomTest : public RestartTest {
 protected:
  NoRoomTest() { config_.storage.max_size = 1024 * 1024; }
};

TEST_F(NoRoomTest, ABlobThatDoesNotFitIsStreamed) {
  start();
  for (int i = 0; i < 2; ++i) {
    Reply reply = get(layer_path_);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.header("Cache-Status"), kBypass);
    EXPECT_EQ(reply.header("Content-Length"), std::to_string(kSize));
    EXPECT_EQ(reply.body, layer_.text());
  }
  EXPECT_EQ(hub_.log().count("GET", layer_path_), 2u);
}

TEST_F(NoRoomTest, ARangeOfItIsStreamedToo) {
  start();
  Reply reply = get(layer_path_, {{"Range", "bytes=1000000-1000099"}});
  EXPECT_EQ(reply.status, 206);
  EXPECT_EQ(reply.body, layer_.text().substr(1'000'000, 100));
}

TEST_F(NoRoomTest, WhatIsStreamedIsVerifiedAlike) {
  hub_.add({.method = "GET", .path = layer_path_, .corrupt_at = 2'000'000});
  start();
  Reply reply = get(layer_path_);
  EXPECT_EQ(reply.ending, Ending::Short);
  EXPECT_LT(reply.body.size(), kSize);
}

}  // namespace
}  // namespace entrepot::test
