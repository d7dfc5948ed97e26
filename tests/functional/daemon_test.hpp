// A whole daemon in this process between two scripted registries, docker.io and ghcr.io, and a test's client.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "app/app.hpp"
#include "support/fake_registry.hpp"
#include "support/http_client.hpp"
#include "support/manual_clock.hpp"
#include "support/temp_dir.hpp"

namespace entrepot::test {

using namespace std::chrono_literals;

inline std::string manifest_path(const std::string& repository, const std::string& reference) {
  return "/v2/" + repository + "/manifests/" + reference;
}
inline std::string blob_path(const std::string& repository, const std::string& digest) {
  return "/v2/" + repository + "/blobs/" + digest;
}

// The values of Cache-Status, and of Warning.
inline constexpr char kMiss[] = "entrepot; fwd=miss; stored";
inline constexpr char kCollapsed[] = "entrepot; fwd=miss; collapsed";
inline constexpr char kHit[] = "entrepot; hit";
inline constexpr char kStale[] = "entrepot; hit; detail=stale";
inline constexpr char kBypass[] = "entrepot; fwd=bypass";
inline constexpr char kStaleWarning[] = R"(110 - "Response is Stale")";

// The size of a stripe in bytes, where every blob that is larger is fetched in stripes; 0: as it is by default. The
// tests run in both modes (tests/CMakeLists.txt).
inline std::uint64_t stripe_of_this_run() {
  const char* text = std::getenv("ENTREPOT_TEST_STRIPE");
  return text == nullptr ? 0 : std::strtoull(text, nullptr, 10);
}

class DaemonTest : public ::testing::Test {
 protected:
  DaemonTest() {
    config_.listeners = {config::Listener{{"127.0.0.1", 0}, {}, {}}, config::Listener{{"127.0.0.1", 0}, {}, {}}};
    config_.admin.reset();
    config_.threads = 2;
    config_.storage.path = dir_.path() / "store";
    config_.storage.max_size = 0;
    config_.storage.min_free = 0;
    config_.shutdown_grace = 100ms;
    add_upstream("docker.io", hub_);
    add_upstream("ghcr.io", ghcr_);
  }

  config::Upstream& add_upstream(const std::string& name, const FakeRegistry& registry) {
    config::Upstream& upstream = config_.upstreams[name];
    upstream.name = name;
    upstream.urls = {registry.url()};
    if (const std::uint64_t stripe = stripe_of_this_run()) fetch_in_stripes(upstream, stripe);
    return upstream;
  }
  static void fetch_in_stripes(config::Upstream& upstream, std::uint64_t stripe) {
    upstream.fetching = {.connections_per_blob = 4, .parallel_min_size = 0, .max_connections = 32, .stripe = stripe};
  }
  config::Upstream& hub_config() { return config_.upstreams.at("docker.io"); }

  // With what config_ says now.
  void start() {
    app_ = std::make_unique<app::App>(config_, clock_, *disk_);
    app_->start();
  }
  void stop() {
    if (app_) app_->stop();
    app_.reset();
  }
  void restart() {
    stop();
    start();
  }

  // How many bytes of a blob may be sent twice at most: what is on its way when a request for all of it is cut, since
  // nothing had said that it is large.
  static std::uint64_t cut_allowance() { return stripe_of_this_run() == 0 ? 0 : 1024 * 1024; }

  // Whatever happened, `registry` has sent all of the blob, and no byte of it twice.
  static void expect_one_download(FakeRegistry& registry, const std::string& path, std::size_t size) {
    const std::uint64_t twice = registry.log().bytes_sent_twice(path);
    EXPECT_LE(twice, cut_allowance());
    EXPECT_EQ(registry.log().bytes_sent(path) - twice, size);
    if (stripe_of_this_run() == 0) {
      EXPECT_EQ(registry.log().count("GET", path), 1u);
    }
  }

  std::uint16_t port(std::size_t listener = 0) const { return app_->port(listener); }

  Reply get(const std::string& target, const HeaderList& headers = {}) {
    return request(port(), "GET", target, headers);
  }
  Reply head(const std::string& target, const HeaderList& headers = {}) {
    return request(port(), "HEAD", target, headers);
  }

  // A GET whose status line has come and whose body has not been read.
  struct Download {
    HttpConnection connection;
    Reply reply{};

    Reply finish() {
      connection.read_rest(reply);
      return reply;
    }
  };
  std::unique_ptr<Download> open(const std::string& target, const HeaderList& headers = {}, std::size_t listener = 0) {
    auto download = std::make_unique<Download>(Download{HttpConnection(port(listener))});
    download->connection.send("GET", target, headers);
    download->reply = download->connection.read_head();
    return download;
  }

  // Returns when the daemon has taken in every request that was sent before the call: its threads take turns at the
  // connections, and each of them has answered a later one.
  void settle() {
    std::vector<HttpConnection> pings;
    for (int i = 0; i < 8; ++i) pings.emplace_back(port());
    for (HttpConnection& ping : pings) EXPECT_EQ(ping.request("GET", "/v2/").status, 200);
  }

  // Waits for what the daemon does behind its answers.
  template <class Condition>
  static bool becomes_true(const Condition& condition) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
      if (condition()) return true;
      if (std::chrono::steady_clock::now() >= end) return false;
      std::this_thread::sleep_for(5ms);
    }
  }

  // Asks again until the body is this one; the last reply in any case.
  Reply get_until(const std::string& target, const std::string& body) {
    Reply reply;
    becomes_true([&] {
      reply = get(target);
      return reply.body == body;
    });
    return reply;
  }

  // The number of files in blobs/.
  std::size_t files() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(config_.storage.path / "blobs")) {
      if (entry.is_regular_file()) ++count;
    }
    return count;
  }

  // Calls `work` on `count` threads at once and waits for all.
  template <class Work>
  static void in_parallel(int count, const Work& work) {
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) threads.emplace_back([&work, i] { work(i); });
    for (std::thread& thread : threads) thread.join();
  }

  TempDir dir_;
  ManualClock clock_;
  store::Disk* disk_ = &store::real_disk();
  FakeRegistry hub_;
  FakeRegistry ghcr_;
  config::Config config_;
  std::unique_ptr<app::App> app_;  // last: it is gone before its upstreams
};

}  // namespace entrepot::test
