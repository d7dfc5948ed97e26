// Where upstreams' accounts come from, what happens when they change, and what when they are refused.
#include <sys/stat.h>

#include <fstream>

#include "functional/daemon_test.hpp"

namespace entrepot::test {
namespace {

class CredentialsTest : public DaemonTest {
 protected:
  CredentialsTest() {
    config_.admin = config::Address{"127.0.0.1", 0};
    for (const char* repository : {"library/app", "library/web", "library/db"}) hub_.push(repository, "1", image_);
    ghcr_.push("team/app", "1", image_);
  }

  // Whole or not at all.
  std::filesystem::path write(const std::string& name, const std::string& text) {
    std::ofstream(dir_.path() / (name + ".new")) << text;
    std::filesystem::rename(dir_.path() / (name + ".new"), dir_.path() / name);
    return dir_.path() / name;
  }
  std::filesystem::path write_helper(const std::string& name, const std::string& commands) {
    const std::filesystem::path file = write(name, "#!/bin/sh\n" + commands + "\n");
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    return file;
  }

  // `key` and `entry` in place of the registry's name and of what its account is.
  void use_docker(const std::string& entry, const std::string& key = "https://index.docker.io/v1/") {
    const std::string json = R"({"auths":{")" + key + R"(":{)" + entry + "}}}";
    hub_config().credentials =
        config::Credentials{config::DockerCredentials{.text = {}, .file = write("c.json", json)}};
  }
  void use_helper(const std::string& commands) {
    hub_config().credentials =
        config::Credentials{config::HelperCredentials{write_helper("helper", commands).string()}};
  }
  void use_password_file(const std::string& password) {
    hub_config().credentials = config::Credentials{config::BasicCredentials{"me", "", write("password", password)}};
  }

  Reply pull(const std::string& repository = "library/app") { return get(manifest_path(repository, "1")); }
  Reply ask(const std::string& path) { return request(app_->admin_port(), "GET", path); }
  bool gauge_is(int value) {
    return ask("/metrics")
               .body.find("entrepot_upstream_credentials_refused{upstream=\"docker.io\"} " + std::to_string(value) +
                          "\n") != std::string::npos;
  }

  // Three clients pull without a pause while `change` happens, and a while before and after. The number of pulls that
  // have failed.
  template <class Change>
  int failures_during(const Change& change) {
    std::atomic<bool> done{false};
    std::atomic<int> pulls{0};
    std::atomic<int> failures{0};
    std::vector<std::thread> clients;
    for (const char* repository : {"library/app", "library/web", "library/db"}) {
      clients.emplace_back([&, repository] {
        while (!done) {
          const Reply reply = pull(repository);
          if (reply.status != 200 || !reply.header("Warning").empty()) ++failures;
          ++pulls;
        }
      });
    }
    const auto some_more = [&] {
      const int before = pulls;
      EXPECT_TRUE(becomes_true([&] { return pulls > before + 30; }));
    };
    some_more();
    change();
    some_more();
    done = true;
    for (std::thread& client : clients) client.join();
    return failures;
  }

  // As Amazon ECR does it: passwords for this long, the n-th being "secret n". ghcr.io's registry stands in for AWS.
  void use_ecr(Duration life) {
    for (int n : {2, 1}) {  // the newest rule comes first
      const Time end = clock_.now() + (n == 1 ? life : 2 * life);
      const std::string token = basic_authorization("AWS:secret " + std::to_string(n)).substr(6);
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(end.time_since_epoch()).count();
      ghcr_.add({.method = "POST",
                 .times = 1,
                 .answer = CannedAnswer{200,
                                        {},
                                        R"({"authorizationData":[{"authorizationToken":")" + token +
                                            R"(","expiresAt":)" + std::to_string(seconds) + "}]}"}});
    }
    config::EcrCredentials ecr{.region = "eu-west-1"};
    ecr.environment = {
        {"AWS_ACCESS_KEY_ID", "AKIA1"}, {"AWS_SECRET_ACCESS_KEY", "s3cret"}, {"AWS_ENDPOINT_URL_ECR", ghcr_.url()}};
    hub_config().credentials = config::Credentials{std::move(ecr)};
    hub_.require_basic("AWS:secret 1");
  }
  bool was_asked_as(const std::string& account) {
    return std::ranges::any_of(hub_.log().requests(), [&](const LoggedRequest& request) {
      return request.authorization() == basic_authorization(account);
    });
  }

  Object layer_ = make_blob(100'000);
  Image image_ = make_image({layer_});
};

TEST_F(CredentialsTest, DockersConfigurationHasTheAccount) {
  hub_.require_tokens({.credentials = "me:s3:cret"});
  use_docker(R"("auth":"bWU6czM6Y3JldA==")");
  start();
  EXPECT_EQ(pull().body, image_.manifest.text());
  EXPECT_EQ(get(blob_path("library/app", layer_.digest)).body, layer_.text());
}

TEST_F(CredentialsTest, TheAccountMayBeThatOfTheUrlsHost) {
  hub_.require_basic("me:s3cret");
  use_docker(R"("username":"me","password":"s3cret")", hub_.url());
  start();
  EXPECT_EQ(pull().status, 200);
}

TEST_F(CredentialsTest, AnIdentityTokenIsExchangedForTokens) {
  hub_.require_tokens({.credentials = "nobody:comes in by GET", .identity_token = "r3fresh"});
  use_docker(R"("identitytoken":"r3fresh")");
  start();
  EXPECT_EQ(pull().status, 200);
  EXPECT_EQ(get(blob_path("library/app", layer_.digest)).body, layer_.text());
  EXPECT_EQ(pull("library/web").status, 200);
  EXPECT_EQ(hub_.log().count("POST", "/token"), 2u);
  EXPECT_EQ(hub_.log().count("GET", "/token"), 0u);
  const LoggedRequest token = hub_.log().requests("POST", "/token").at(0);
  EXPECT_EQ(query_value(token.body, "scope"), "repository:library/app:pull");
  EXPECT_EQ(query_value(token.body, "service"), "fake");
}

TEST_F(CredentialsTest, AnIdentityTokenThatIsReplacedGetsTokensOfItsOwn) {
  hub_.require_tokens({.credentials = "nobody:comes in by GET", .identity_token = "one"});
  use_docker(R"("identitytoken":"one")");
  start();
  EXPECT_EQ(pull().status, 200);
  use_docker(R"("identitytoken":"two")");
  clock_.advance(1s);
  hub_.require_tokens({.credentials = "nobody:comes in by GET", .identity_token = "two"});
  EXPECT_EQ(pull().status, 200);
  EXPECT_EQ(hub_.log().count("POST", "/token"), 2u);
}

TEST_F(CredentialsTest, AHelperIsAskedOnceForAPull) {
  hub_.require_tokens({.credentials = "me:s3cret"});
  use_helper("echo run >> " + (dir_.path() / "runs").string() + R"(; echo '{"Username":"me","Secret":"s3cret"}')");
  start();
  in_parallel(3, [&](int i) {
    const std::string repository = std::vector<std::string>{"library/app", "library/web", "library/db"}.at(i);
    EXPECT_EQ(pull(repository).status, 200);
    EXPECT_EQ(get(blob_path(repository, layer_.digest)).body, layer_.text());
  });
  std::ifstream runs(dir_.path() / "runs");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(runs), {}), "run\n");
}

TEST_F(CredentialsTest, AHelperThatKnowsNoAccountMeansAnonymous) {
  hub_.require_tokens();
  use_helper("echo credentials not found in native keychain; exit 1");
  start();
  EXPECT_EQ(pull().status, 200);
  EXPECT_EQ(hub_.log().requests("GET", "/token").at(0).authorization(), "");
}

TEST_F(CredentialsTest, AHelperThatFailsIsABadGatewayThatSaysWhy) {
  hub_.require_tokens();
  use_helper("echo the keychain is locked >&2; exit 1");
  start();
  Reply reply = pull();
  EXPECT_EQ(reply.status, 502);
  EXPECT_NE(reply.body.find("the keychain is locked"), std::string::npos) << reply.body;
  EXPECT_EQ(hub_.log().count("", "/token"), 0u);
}

TEST_F(CredentialsTest, NobodyElseWaitsForAHelper) {
  const std::string pipe = (dir_.path() / "pipe").string();
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  hub_.require_basic("me:s3cret");
  use_helper("read -r line < " + pipe + R"(; echo '{"Username":"me","Secret":"s3cret"}')");
  config_.threads = 1;
  start();
  auto waiting = std::make_unique<HttpConnection>(port());
  waiting->send("GET", manifest_path("library/app", "1"));
  EXPECT_TRUE(hub_.log().await("GET", "*"));
  EXPECT_EQ(get("/v2/ghcr.io/team/app/manifests/1").status, 200);
  std::ofstream(pipe) << "go on\n";
  EXPECT_EQ(waiting->read_reply().status, 200);
}

TEST_F(CredentialsTest, APasswordThatRotatesUnderLoadFailsNoPull) {
  hub_.require_basic("me:old");
  use_password_file("old");
  start();
  EXPECT_EQ(failures_during([&] {
              write("password", "new");
              hub_.require_basic("me:new");
            }),
            0);
  EXPECT_TRUE(gauge_is(0));
}

TEST_F(CredentialsTest, APasswordForTokensThatRotatesUnderLoadFailsNoPull) {
  hub_.require_tokens({.credentials = "me:old"});
  use_password_file("old");
  start();
  EXPECT_EQ(failures_during([&] {
              write("password", "new");
              hub_.require_tokens({.credentials = "me:new"});
              hub_.revoke_tokens();
            }),
            0);
  EXPECT_TRUE(gauge_is(0));
}

TEST_F(CredentialsTest, DockersConfigurationThatIsReplacedUnderLoadFailsNoPull) {
  hub_.require_basic("me:old");
  use_docker(R"("username":"me","password":"old")");
  start();
  EXPECT_EQ(failures_during([&] {
              use_docker(R"("username":"me","password":"new")");
              hub_.require_basic("me:new");
            }),
            0);
}

// With the times that clouds give, which a clock that is told to move makes short.
TEST_F(CredentialsTest, WhatACloudGivesForATimeIsRenewedUnderLoadWithoutAFailedPull) {
  for (const Duration life : {Duration(12h), Duration(5min)}) {
    use_ecr(life);
    restart();
    EXPECT_EQ(failures_during([&] {
                EXPECT_FALSE(was_asked_as("AWS:secret 2"));
                hub_.allow_basic("AWS:secret 2");
                clock_.advance(life - std::min<Duration>(life / 4, 15min) + 1s);
                EXPECT_TRUE(becomes_true([&] { return was_asked_as("AWS:secret 2"); }));
                clock_.advance(std::min<Duration>(life / 4, 15min));
                hub_.require_basic("AWS:secret 2");  // the first is over
              }),
              0);
    EXPECT_EQ(ghcr_.log().count("POST", "*"), 2u);
    EXPECT_TRUE(gauge_is(0));
    ghcr_.log().clear();
    hub_.log().clear();
  }
}

// IAM's way of saying that a role may not see a repository.
TEST_F(CredentialsTest, ARepositoryThatACloudDeniesIsNoRefusalOfTheAccount) {
  use_ecr(12h);
  hub_.add({.path = "/v2/library/web/*", .answer = CannedAnswer{403}});
  start();
  EXPECT_EQ(pull().status, 200);
  clock_.advance(10s);
  EXPECT_EQ(pull("library/web").status, 403);
  EXPECT_TRUE(gauge_is(0));
  EXPECT_EQ(pull().status, 200);
  EXPECT_EQ(ghcr_.log().count("POST", "*"), 1u);
}

TEST_F(CredentialsTest, ARefusalIsAnAlarmAndTakesNothingAway) {
  hub_.require_tokens({.credentials = "me:s3cret"});
  use_password_file("s3cret");
  hub_config().freshness.on_denied = config::Freshness::OnDenied::Keep;
  start();
  EXPECT_EQ(pull().status, 200);
  EXPECT_EQ(get(blob_path("library/app", layer_.digest)).body, layer_.text());
  EXPECT_TRUE(gauge_is(0));
  EXPECT_EQ(ask("/readyz").body, "ok\n");

  hub_.require_tokens({.credentials = "me:another"});
  hub_.revoke_tokens();
  testing::internal::CaptureStderr();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pull().header("Cache-Status"), kStale);
  EXPECT_EQ(pull("library/web").status, 403);
  EXPECT_EQ(get(blob_path("library/app", layer_.digest)).header("Cache-Status"), kHit);
  EXPECT_EQ(get(manifest_path("library/app", image_.manifest.digest)).header("Cache-Status"), kHit);
  EXPECT_TRUE(gauge_is(1));
  Reply ready = ask("/readyz");
  EXPECT_EQ(ready.status, 200);
  EXPECT_EQ(ready.body,
            "ok\nupstream docker.io: 127.0.0.1:" + std::to_string(hub_.port()) + " refuses its credentials\n");

  write("password", "another");
  EXPECT_EQ(pull().header("Cache-Status"), kHit);
  EXPECT_TRUE(gauge_is(0));
  EXPECT_EQ(ask("/readyz").body, "ok\n");
  const std::string log = testing::internal::GetCapturedStderr();
  const auto count = [&](const std::string& event) {
    std::size_t found = 0;
    for (auto at = log.find(event); at != std::string::npos; at = log.find(event, at + 1)) ++found;
    return found;
  };
  EXPECT_EQ(count(" credentials_refused "), 1u) << log;
  EXPECT_EQ(count(" credentials_accepted "), 1u) << log;
}

TEST_F(CredentialsTest, WhereDenialsAreRefusedTheRecordOutlastsTheRefusalOfTheAccount) {
  hub_.require_basic("me:s3cret");
  use_password_file("s3cret");
  start();
  EXPECT_EQ(pull().status, 200);
  hub_.require_basic("me:another");
  EXPECT_EQ(pull().status, 403);
  EXPECT_TRUE(gauge_is(1));
  write("password", "another");
  EXPECT_EQ(pull().header("Cache-Status"), kHit);
  EXPECT_TRUE(gauge_is(0));
}

TEST_F(CredentialsTest, AnUpstreamWithoutAnAccountHasNoAlarm) {
  start();
  EXPECT_EQ(ask("/metrics").body.find("entrepot_upstream_credentials_refused"), std::string::npos);
}

}  // namespace
}  // namespace entrepot::test
