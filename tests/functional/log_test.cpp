// What the log says of requests, and what it never says.
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "entrepot/base/log.hpp"
#include "functional/daemon_test.hpp"

namespace entrepot::test {
namespace {

class LogTest : public DaemonTest {
 protected:
  LogTest() {
    config_.shutdown_grace = kPatience;  // of an answer that its client has, the line may still be to come
    hub_.push("library/app", "1", image_);
    log::configure(log::Level::Debug, log::Format::Json);
    testing::internal::CaptureStderr();
  }
  ~LogTest() override {
    if (app_) logged();
    log::configure(log::Level::Info, log::Format::Text);
  }

  // All that was logged up to the daemon's end, which this is.
  std::string logged() {
    stop();
    return testing::internal::GetCapturedStderr();
  }
  std::vector<nlohmann::json> logged_requests() {
    std::vector<nlohmann::json> lines;
    std::istringstream log(logged());
    for (std::string line; std::getline(log, line);) {
      nlohmann::json fields = nlohmann::json::parse(line);
      if (fields.at("event") == "request") lines.push_back(std::move(fields));
    }
    return lines;
  }

  Object layer_ = make_blob(1024 * 1024);
  Image image_ = make_image({layer_});
  std::string manifest_ = manifest_path("library/app", "1");
  std::string blob_ = blob_path("library/app", layer_.digest);
};

TEST_F(LogTest, AMissAndAHitAreALineEach) {
  start();
  EXPECT_EQ(get(manifest_ + "?ns=docker.io").status, 200);
  EXPECT_EQ(head(manifest_).status, 200);
  std::vector<nlohmann::json> lines = logged_requests();
  ASSERT_EQ(lines.size(), 2u);
  for (nlohmann::json& line : lines) {
    EXPECT_EQ(line.at("level"), "info");
    EXPECT_TRUE(line.at("client").get<std::string>().starts_with("127.0.0.1"));
    EXPECT_EQ(line.at("target"), manifest_);
    EXPECT_EQ(line.at("status"), 200);
    EXPECT_EQ(line.at("complete"), "yes");
    EXPECT_TRUE(line.at("ms").is_number());
    EXPECT_EQ(line.at("upstream"), "docker.io");
    EXPECT_EQ(line.at("repository"), "library/app");
    EXPECT_EQ(line.at("reference"), "1");
    EXPECT_EQ(line.at("error"), "");
  }
  EXPECT_NE(lines[0].at("id"), lines[1].at("id"));
  EXPECT_EQ(lines[0].at("method"), "GET");
  EXPECT_EQ(lines[0].at("bytes"), image_.manifest.size());
  EXPECT_EQ(lines[0].at("cache"), "fwd=miss; stored");
  EXPECT_EQ(lines[1].at("method"), "HEAD");
  EXPECT_EQ(lines[1].at("bytes"), 0);
  EXPECT_EQ(lines[1].at("cache"), "hit");
}

TEST_F(LogTest, AResponseThatWasCutIsNotComplete) {
  hub_.add({.method = "GET", .path = blob_, .cut_after = 0});
  hub_.add({.method = "GET", .path = blob_, .times = 1, .cut_after = 300'000});
  start();
  EXPECT_EQ(get(blob_).ending, Ending::Short);
  std::vector<nlohmann::json> lines = logged_requests();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].at("complete"), "no");
  EXPECT_EQ(lines[0].at("bytes"), 300'000);
}

TEST_F(LogTest, AnErrorIsNamed) {
  hub_.add({.answer = CannedAnswer{500}});
  start();
  EXPECT_EQ(get(manifest_).status, 502);
  std::vector<nlohmann::json> lines = logged_requests();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].at("level"), "warning");
  EXPECT_EQ(lines[0].at("status"), 502);
  EXPECT_NE(lines[0].at("error"), "");
}

// Whatever goes wrong: a URL that fails, a token that is not given and one that is refused, a transfer that breaks, a
// storage host that wants another signature.
TEST_F(LogTest, NoCredentialIsEverLogged) {
  FakeRegistry down;
  down.stop();
  FakeRegistry storage;
  storage.add({.answer = CannedAnswer{403}});
  std::string signed_url = storage.url() + "/storage/" + layer_.digest + "?X-Signature=s1gned";
  hub_.add({.method = "GET", .path = blob_, .answer = CannedAnswer{307, {{"Location", signed_url}}}});
  hub_.add({.method = "GET", .path = blob_, .times = 1, .cut_after = 300'000});
  hub_.add({.path = "/token", .times = 1, .answer = CannedAnswer{401}});
  hub_.require_tokens({.credentials = "me:s3cret"});
  hub_config().urls = {down.url(), hub_.url()};
  hub_config().credentials = config::Credentials{config::BasicCredentials{"me", "s3cret"}};
  HeaderList client{{"Authorization", basic_authorization("you:hidden")}};
  start();
  EXPECT_EQ(get(manifest_, client).status, 403);
  EXPECT_EQ(get(manifest_, client).status, 200);
  hub_.revoke_tokens();
  EXPECT_EQ(get(manifest_, client).status, 200);
  EXPECT_EQ(get(blob_, client).ending, Ending::Short);
  std::string log = logged();
  for (const char* event : {"request", "upstream_url_failed", "blob_request_failed", "blob_transfer_broken"})
    EXPECT_NE(log.find('"' + std::string(event) + '"'), std::string::npos) << event;
  std::string mine = basic_authorization("me:s3cret").substr(6);
  std::string yours = basic_authorization("you:hidden").substr(6);
  for (const std::string& secret : {std::string("s3cret"), mine, std::string("hidden"), yours, std::string("token-"),
                                    std::string("s1gned"), std::string("Bearer "), std::string("Basic ")})
    EXPECT_EQ(log.find(secret), std::string::npos) << secret;
}

// Nor in an answer or a metric: whatever the providers are given, and whatever comes of it.
TEST_F(LogTest, NoProviderGivesASecretAway) {
  const auto write = [this](const std::string& name, const std::string& text) {
    std::ofstream(dir_.path() / (name + ".new")) << text;
    std::filesystem::rename(dir_.path() / (name + ".new"), dir_.path() / name);
    return dir_.path() / name;
  };
  const auto write_helper = [&](const std::string& name, const std::string& commands) {
    const auto file = write(name, "#!/bin/sh\n" + commands + "\n");
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    return config::Credentials{config::HelperCredentials{file.string()}};
  };
  const auto docker_file = [&](const std::string& name) {
    return config::Credentials{config::DockerCredentials{.text = {}, .file = dir_.path() / name}};
  };
  const std::pair<const char*, const char*> docker_files[] = {{"auth", R"("auth":"bWU6czNjcmV0")"},
                                                              {"identity", R"("identitytoken":"s3cret")"},
                                                              {"registry", R"("registrytoken":"s3cret")"}};
  const std::string account = R"(echo '{"Username":"me","Secret":"s3cret"}')";
  const std::string quoting = R"({"errors":[{"code":"UNAUTHORIZED","message":"what is s3cret"}]})";
  const config::Credentials providers[] = {
      write_helper("good", account),
      write_helper("bad", account + "; echo s3cret >&2; exit 1"),
      write_helper("traced", "set -x; " + account + "; exit 1"),
      docker_file("auth"),
      docker_file("identity"),
      docker_file("registry"),
      config::Credentials{config::BasicCredentials{"me", "", write("password", "s3cret")}},
  };
  config_.admin = config::Address{"127.0.0.1", 0};
  hub_.require_tokens();
  hub_.add({.path = "/token", .answer = CannedAnswer{401, {{"Content-Type", "application/json"}}, quoting}});
  std::string seen;
  for (const config::Credentials& provider : providers) {
    hub_config().credentials = provider;
    for (const auto& [name, entry] : docker_files) {
      write(name, R"({"auths":{"docker.io":{)" + std::string(entry) + "}}}");
    }
    restart();
    write("password", "s3cret\n");
    for (const auto& [name, entry] : docker_files) write(name, R"({"auths":{"docker.io":{"auth":"s3cret"}}})");
    clock_.advance(2s);
    for (int i = 0; i < 2; ++i) {
      Reply reply = get(manifest_);
      EXPECT_GE(reply.status, 403);
      seen += reply.body;
    }
    for (const char* path : {"/metrics", "/readyz"}) seen += request(app_->admin_port(), "GET", path).body;
  }
  seen += logged();
  for (const char* event : {"request", "credentials_refused", "credentials_not_read"})
    EXPECT_NE(seen.find('"' + std::string(event) + '"'), std::string::npos) << event;
  EXPECT_NE(seen.find("failed with exit status 1"), std::string::npos);
  for (const char* secret : {"s3cret", "bWU6czNjcmV0", "Bearer ", "Basic "})
    EXPECT_EQ(seen.find(secret), std::string::npos) << secret;
}

}  // namespace
}  // namespace entrepot::test
