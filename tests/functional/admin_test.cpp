// What an orchestrator asks on the admin listener, while the daemon serves and while it ends.
#include "functional/daemon_test.hpp"

namespace entrepot::test {
namespace {

class AdminTest : public DaemonTest {
 protected:
  AdminTest() { config_.admin = config::Address{"127.0.0.1", 0}; }

  Reply ask(const std::string& path, const std::string& method = "GET") {
    return request(app_->admin_port(), method, path);
  }
  int status_until(const std::string& path, int wanted) {
    auto end = std::chrono::steady_clock::now() + kPatience;
    int status = ask(path).status;
    while (status != wanted && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(5ms);
      status = ask(path).status;
    }
    return status;
  }
};

TEST_F(AdminTest, IsAliveAndReadyOnceItServes) {
  start();
  for (const char* path : {"/livez", "/readyz", "/readyz?verbose"}) {
    Reply reply = ask(path);
    EXPECT_EQ(reply.status, 200) << path;
    EXPECT_EQ(reply.body, "ok\n") << path;
    EXPECT_EQ(reply.header("Cache-Control"), "no-store") << path;
    EXPECT_EQ(ask(path, "HEAD").status, 200) << path;
  }
}

TEST_F(AdminTest, IsAliveButNotReadyWhileADownloadEnds) {
  Object blob = make_blob(1024 * 1024);
  std::string path = blob_path("library/app", blob.digest);
  GatePtr gate = make_gate();
  hub_.push_blob("library/app", blob);
  hub_.add({.method = "GET", .path = path, .hold_body = gate, .hold_at = 500'000});
  config_.shutdown_grace = kPatience;
  start();
  auto download = open(path);
  std::thread stopping([this] { app_->stop(); });
  EXPECT_EQ(status_until("/readyz", 503), 503);
  EXPECT_EQ(ask("/livez").status, 200);
  gate->open();
  EXPECT_EQ(download->finish().body, blob.text());
  download.reset();
  stopping.join();
}

TEST_F(AdminTest, KnowsNoOtherPath) {
  start();
  for (const char* path : {"/", "/v2/", "/livez/", "/readyzz", "/LIVEZ"}) EXPECT_EQ(ask(path).status, 404) << path;
}

TEST_F(AdminTest, WhateverWritesIs405) {
  start();
  for (const char* method : {"POST", "PUT", "DELETE"}) {
    Reply reply = ask("/readyz", method);
    EXPECT_EQ(reply.status, 405) << method;
    EXPECT_EQ(reply.header("Allow"), "GET, HEAD") << method;
  }
}

TEST_F(AdminTest, IsNotForThoseWhoPull) {
  start();
  for (const char* path : {"/livez", "/readyz"}) EXPECT_EQ(get(path).status, 404) << path;
}

}  // namespace
}  // namespace entrepot::test
