// A RegistryClient on io threads of its own, and a token endpoint for scripts.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <future>
#include <memory>
#include <optional>

#include "entrepot/upstream/registry_client.hpp"
#include "scripted_server.hpp"
#include "support/manual_clock.hpp"

namespace entrepot::upstream {

using test::Reply;
using test::ScriptedServer;
using test::Seen;

inline std::string path_part(const std::string& target) { return target.substr(0, target.find('?')); }

// At the server that was asked.
inline std::string own_url(const Seen& seen, const std::string& path) { return "http://" + seen.header("host") + path; }

// Gives "token-1", "token-2", ... for a lifetime of 300 s; asks for the last one at the registry.
class TokenGate {
 public:
  Reply token() { return {.body = R"({"token":")" + current(++given_) + R"(","expires_in":300})"}; }
  bool opens_to(const Seen& seen) const {
    return given_ > 0 && seen.header("authorization") == "Bearer " + current(given_);
  }
  void revoke() { ++given_; }

  static Reply challenge(const std::string& realm, const std::string& scope = "repository:user/image:pull") {
    return {.status = 401,
            .headers = {{"WWW-Authenticate", "Bearer realm=\"" + realm + "\",service=\"svc\",scope=\"" + scope + "\""}},
            .body = R"({"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]})"};
  }

 private:
  static std::string current(int number) { return "token-" + std::to_string(number); }
  std::atomic<int> given_{0};
};

class RegistryClientTest : public ::testing::Test {
 protected:
  void SetUp() override { threads_.start(); }
  void TearDown() override {
    threads_.stop();
    threads_.join();
  }

  void connect_to(std::vector<std::string> urls) {
    config_.urls = std::move(urls);
    client_ = make_registry_client(config_, context_);
  }

  void use_credentials(std::vector<std::string> realms = {}) {
    config_.credentials = config::Credentials{config::BasicCredentials{"user", "password"}, std::move(realms)};
  }

  // The account that this entry of a Docker configuration is, for the registry.
  void use_docker_entry(const std::string& entry) {
    config_.credentials = config::Credentials{
        config::DockerCredentials{.text = R"({"auths":{"reg.example":{)" + entry + "}}}", .file = {}}};
  }

  bool alarm_is_raised() const {
    return registry_.text().find("entrepot_upstream_credentials_refused{upstream=\"reg.example\"} 1") !=
           std::string::npos;
  }

  // Starts the call on an io thread.
  template <class T>
  std::future<T> start(io::Awaitable<T> call, std::size_t thread = 0) {
    auto promise = std::make_shared<std::promise<T>>();
    std::future<T> future = promise->get_future();
    io::net::co_spawn(threads_.executor(thread), fulfil(std::move(call), promise), [](std::exception_ptr) {});
    return future;
  }

  template <class T>
  T run(io::Awaitable<T> call) {
    return start(std::move(call)).get();
  }

  static io::Deadline soon() { return io::SteadyClock::now() + std::chrono::seconds(20); }

  auto manifest(const std::string& repository = "a/b", io::Deadline deadline = soon()) {
    return client_->get_manifest({repository}, oci::Tag{"latest"}, deadline);
  }

  // The error of a call that has one; of any other, one with an empty message.
  template <class T>
  static Error error_of(const Result<T>& result) {
    if (!result) return result.error();
    ADD_FAILURE() << "no error";
    return {Errc::Io, ""};
  }

  const oci::Digest digest_ = oci::Digest::of(HashAlgorithm::Sha256, "blob");
  const std::string blob_path_ = "/v2/a/b/blobs/" + digest_.to_string();
  config::Upstream config_ = [] {
    config::Upstream config;
    config.name = "reg.example";
    return config;
  }();
  test::ManualClock clock_;
  io::Threads threads_{2};
  io::Tasks tasks_;
  io::Pool resolvers_{1};
  io::Pool credentials_{1};
  metrics::Registry registry_;
  Notices notices_;
  const Context context_{threads_, tasks_, resolvers_, credentials_, clock_, registry_, notices_};
  std::unique_ptr<Upstream> client_;

 private:
  template <class T>
  static io::Awaitable<> fulfil(io::Awaitable<T> call, std::shared_ptr<std::promise<T>> promise) {
    promise->set_value(co_await std::move(call));
  }
};

}  // namespace entrepot::upstream
