// No pull fails, and none waits, because of the disk.
#include <sys/stat.h>

#include "functional/daemon_test.hpp"
#include "support/faulty_disk.hpp"
#include "support/gated_disk.hpp"

namespace entrepot::test {
namespace {

class DiskTest : public DaemonTest {
 protected:
  DiskTest() { hub_.push("library/app", "1", image_); }

  Object layer_ = make_blob(1024 * 1024);
  Image image_ = make_image({layer_});
  std::string by_tag_ = manifest_path("library/app", "1");
  std::string layer_path_ = blob_path("library/app", layer_.digest);
};

class SlowDiskTest : public DiskTest {
 protected:
  SlowDiskTest() {
    disk_ = &slow_;
    start();
    slow_.hold_syncs(gate_);
  }
  ~SlowDiskTest() override {
    gate_->open();
    stop();
  }

  GatedDisk slow_;
  GatePtr gate_ = make_gate();
};

TEST_F(SlowDiskTest, ClientsDoNotWaitForASync) {
  EXPECT_EQ(get(by_tag_).body, image_.manifest.text());
  EXPECT_EQ(get(layer_path_).body, layer_.text());
  EXPECT_TRUE(gate_->await());
}

TEST_F(SlowDiskTest, WhatIsVerifiedIsAHitBeforeItIsSynced) {
  EXPECT_EQ(get(by_tag_).status, 200);
  EXPECT_EQ(get(layer_path_).status, 200);
  EXPECT_TRUE(gate_->await());
  hub_.stop();
  Reply again = get(layer_path_);
  EXPECT_EQ(again.body, layer_.text());
  EXPECT_EQ(again.header("Cache-Status"), kHit);
  Reply known = head(layer_path_);
  EXPECT_EQ(known.status, 200);
  EXPECT_EQ(known.header("Cache-Status"), kHit);
  EXPECT_EQ(get(manifest_path("library/app", image_.manifest.digest)).body, image_.manifest.text());
}

class FaultyDiskTest : public DiskTest {
 protected:
  FaultyDiskTest() { disk_ = &faulty_; }
  ~FaultyDiskTest() override { stop(); }

  FaultyDisk faulty_;
};

TEST_F(FaultyDiskTest, WhicheverCallFailsThePullSucceeds) {
  start();
  for (Errc code : {Errc::Io, Errc::NoRoom}) {
    for (int call = 1; call <= 12; ++call) {
      Object blob = make_blob(1024 * 1024, static_cast<std::uint64_t>(100 * static_cast<int>(code) + call));
      hub_.push_blob("library/app", blob);
      std::string path = blob_path("library/app", blob.digest);
      faulty_.fail(call, code);
      EXPECT_EQ(get(path).body, blob.text()) << "call " << call;
      faulty_.fail(0);
      EXPECT_EQ(get(path).body, blob.text()) << "after call " << call;
    }
  }
}

TEST_F(FaultyDiskTest, EveryClientOfABrokenFillGetsItsBlob) {
  GatePtr gate = make_gate();
  hub_.add({.method = "GET", .path = layer_path_, .times = 1, .hold_body = gate, .hold_at = 500'000});
  start();
  auto first = open(layer_path_);
  auto second = open(layer_path_);
  ASSERT_TRUE(hub_.log().await_bytes(layer_path_, 500'000));
  EXPECT_EQ(second->connection.read_exactly(500'000), layer_.text().substr(0, 500'000));
  faulty_.fail(1, Errc::NoRoom);
  gate->open();
  EXPECT_EQ(first->finish().body, layer_.text());
  EXPECT_EQ(second->finish().body, layer_.text().substr(500'000));
}

TEST_F(FaultyDiskTest, AManifestIsServedThoughItCannotBeStored) {
  start();
  for (int call = 1; call <= 6; ++call) {
    Image image = make_image({}, 10 + static_cast<std::uint64_t>(call));
    hub_.push("library/app", "n", image);
    faulty_.fail(call);
    EXPECT_EQ(get(manifest_path("library/app", image.manifest.digest)).body, image.manifest.text()) << call;
    faulty_.fail(0);
  }
}

class FullDiskTest : public DiskTest {
 protected:
  FullDiskTest() {
    config_.storage.min_free = std::uint64_t{1} << 60;
    hub_.push_blob("library/app", small_);
    start();
  }

  Object small_ = make_blob(10'000, 7);
  std::string small_path_ = blob_path("library/app", small_.digest);
};

TEST_F(FullDiskTest, NoPartOfASmallWrongBlobIsSent) {
  hub_.add({.path = small_path_, .corrupt_at = 9'000});
  EXPECT_EQ(get(small_path_).status, 502);
  EXPECT_EQ(get(small_path_, {{"Range", "bytes=0-99"}}).status, 502);
  hub_.behave();
  Reply part = get(small_path_, {{"Range", "bytes=100-199"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, small_.text().substr(100, 100));
  EXPECT_EQ(part.header("Cache-Status"), kBypass);
}

TEST_F(FullDiskTest, AStreamWithoutAnEndIsResetWhereItIsWrong) {
  hub_.add({.path = layer_path_, .corrupt_at = 7, .chunked = true, .ignore_range = true, .no_length = true});
  HttpConnection connection(port());
  connection.send_raw("GET " + layer_path_ + " HTTP/1.0\r\n\r\n");
  EXPECT_EQ(connection.read_reply().ending, Ending::Reset);
}

class UnopenableTest : public DiskTest {
 protected:
  // Stores a blob, and puts something in its place that is there and cannot be opened.
  void spoil(const Object& blob) {
    hub_.push_blob("library/app", blob);
    start();
    ASSERT_EQ(get(blob_path("library/app", blob.digest)).body, blob.text());
    std::string hex = blob.digest.substr(blob.digest.find(':') + 1);
    std::filesystem::path file = config_.storage.path / "blobs/sha256" / hex.substr(0, 2) / hex;
    auto end = std::chrono::steady_clock::now() + kPatience;  // it is stored behind the answer
    while (!std::filesystem::exists(file) && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(5ms);
    stop();
    std::filesystem::remove(file);
    ASSERT_EQ(::mknod(file.c_str(), S_IFSOCK | 0600, 0), 0);  // ENXIO
    start();
  }
};

TEST_F(UnopenableTest, AStoredBlobIsStreamed) {
  spoil(layer_);
  Reply reply = get(layer_path_);
  EXPECT_EQ(reply.body, layer_.text());
  EXPECT_EQ(reply.header("Cache-Status"), kBypass);
}

TEST_F(UnopenableTest, NoPartOfASmallWrongOneIsSent) {
  Object small = make_blob(10'000, 7);
  spoil(small);
  std::string path = blob_path("library/app", small.digest);
  hub_.add({.path = path, .corrupt_at = 9'000});
  EXPECT_EQ(get(path).status, 502);
  EXPECT_EQ(get(path, {{"Range", "bytes=0-99"}}).status, 502);
}

}  // namespace
}  // namespace entrepot::test
