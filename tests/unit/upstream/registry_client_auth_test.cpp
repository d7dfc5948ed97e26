// Challenges, tokens and credentials, against servers that keep a log.
#include "registry_client_fixture.hpp"

namespace entrepot::upstream {
namespace {

using namespace std::chrono_literals;

const Reply kManifest{.headers = {{"Content-Type", "application/vnd.oci.image.manifest.v1+json"}}, .body = "{}"};

// A registry that asks for tokens of `gate_`, and its token endpoint, in one.
class RegistryAuthTest : public RegistryClientTest {
 protected:
  // Its realm lies on the same port under `realm_host`, a name for 127.0.0.1.
  void connect(const std::string& realm_host = "127.0.0.1") {
    registry_ = std::make_unique<ScriptedServer>([this, realm_host](const Seen& seen) {
      if (seen.target.starts_with("/token")) return gate_.token();
      const std::string port = seen.header("host").substr(seen.header("host").find(':'));
      if (!gate_.opens_to(seen)) return TokenGate::challenge("http://" + realm_host + port + "/token?own=1");
      return kManifest;
    });
    connect_to({registry_->url()});
  }

  TokenGate gate_;
  std::unique_ptr<ScriptedServer> registry_;
};

TEST_F(RegistryAuthTest, TheFirstRequestAssumesNoChallengeAndTheNextOnesBringTheirToken) {
  connect();
  ASSERT_TRUE(run(manifest("a/b")));
  ASSERT_TRUE(run(manifest("a/b")));
  auto log = registry_->log();
  ASSERT_EQ(log.size(), 4u);
  EXPECT_EQ(log[0].header("authorization"), "");
  EXPECT_EQ(log[1].target, "/token?own=1&service=svc&scope=repository%3Aa%2Fb%3Apull");
  EXPECT_EQ(log[1].header("authorization"), "");
  EXPECT_EQ(log[2].header("authorization"), "Bearer token-1");
  EXPECT_EQ(log[3].header("authorization"), "Bearer token-1");
}

TEST_F(RegistryAuthTest, AnotherRepositoryGetsATokenOfItsOwnUpFront) {
  connect();
  ASSERT_TRUE(run(manifest("a/b")));
  ASSERT_TRUE(run(manifest("c/d")));
  auto log = registry_->log();
  ASSERT_EQ(log.size(), 5u);
  EXPECT_EQ(log[3].target, "/token?own=1&service=svc&scope=repository%3Ac%2Fd%3Apull");
  EXPECT_EQ(log[4].header("authorization"), "Bearer token-2");
}

TEST_F(RegistryAuthTest, ManyWhoWaitShareOneToken) {
  connect();
  ASSERT_TRUE(run(manifest("other/repository")));
  std::vector<std::future<Result<ManifestBody>>> calls;
  for (std::size_t i = 0; i < 20; ++i) calls.push_back(start(manifest("a/b"), i % 2));
  for (auto& call : calls) EXPECT_TRUE(call.get());
  EXPECT_EQ(registry_->log("/token").size(), 2u);
}

TEST_F(RegistryAuthTest, ATokenIsRenewedBeforeItExpires) {
  connect();
  ASSERT_TRUE(run(manifest()));
  clock_.advance(269s);
  ASSERT_TRUE(run(manifest()));
  EXPECT_EQ(registry_->log("/token").size(), 1u);
  clock_.advance(2s);
  ASSERT_TRUE(run(manifest()));
  EXPECT_EQ(registry_->log("/token").size(), 2u);
  EXPECT_EQ(registry_->log("/v2/").size(), 4u);
}

TEST_F(RegistryAuthTest, ARefusedTokenIsReplacedOnce) {
  connect();
  ASSERT_TRUE(run(manifest()));
  gate_.revoke();
  ASSERT_TRUE(run(manifest()));
  EXPECT_EQ(registry_->log("/token").size(), 2u);
}

TEST_F(RegistryAuthTest, CredentialsGoToTheRegistrysOwnRealm) {
  use_credentials();
  connect();
  ASSERT_TRUE(run(manifest()));
  auto tokens = registry_->log("/token");
  ASSERT_EQ(tokens.size(), 1u);
  EXPECT_EQ(tokens[0].header("authorization"), "Basic dXNlcjpwYXNzd29yZA==");
  EXPECT_EQ(tokens[0].target, "/token?own=1&account=user&service=svc&scope=repository%3Aa%2Fb%3Apull");
}

TEST_F(RegistryAuthTest, AForeignRealmIsAskedAnonymously) {
  use_credentials();
  connect("localhost");
  ASSERT_TRUE(run(manifest()));
  auto tokens = registry_->log("/token");
  ASSERT_EQ(tokens.size(), 1u);
  EXPECT_EQ(tokens[0].header("authorization"), "");
  EXPECT_EQ(tokens[0].target.find("account"), std::string::npos);
}

TEST_F(RegistryAuthTest, AListedRealmGetsTheCredentials) {
  use_credentials({"localhost"});
  connect("localhost");
  ASSERT_TRUE(run(manifest()));
  auto tokens = registry_->log("/token");
  ASSERT_EQ(tokens.size(), 1u);
  EXPECT_EQ(tokens[0].header("authorization"), "Basic dXNlcjpwYXNzd29yZA==");
}

using RegistryDenialTest = RegistryClientTest;

TEST_F(RegistryDenialTest, ATokenThatDoesNotHelpIsDeniedWithTheRegistrysWords) {
  TokenGate gate;
  ScriptedServer registry([&](const Seen& seen) {
    return seen.target.starts_with("/token") ? gate.token() : TokenGate::challenge(own_url(seen, "/token"));
  });
  connect_to({registry.url()});
  Error error = error_of(run(manifest()));
  EXPECT_EQ(error.code, Errc::Denied);
  EXPECT_EQ(error.message, "reg.example: authentication required");
  EXPECT_EQ(error.api_code, "UNAUTHORIZED");
  EXPECT_EQ(registry.log().size(), 3u);
}

TEST_F(RegistryDenialTest, TheTokenEndpointsAnswerIsTheCallsAnswer) {
  struct Case {
    Reply reply;
    Errc code;
  };
  const Case cases[] = {
      {{.status = 401, .body = R"({"errors":[{"code":"DENIED","message":"no"}]})"}, Errc::Denied},
      {{.status = 403, .body = R"({"errors":[{"code":"DENIED","message":"no"}]})"}, Errc::Denied},
      {{.status = 429, .headers = {{"Retry-After", "7"}}}, Errc::RateLimited},
      {{.status = 500}, Errc::BadGateway},
      {{.status = 503}, Errc::Unavailable},
      {{.status = 302, .headers = {{"Location", "/elsewhere"}}}, Errc::BadGateway},
      {{.body = "no JSON"}, Errc::BadGateway},
      {{.body = R"({"token":")" + std::string(70'000, 'x') + R"("})"}, Errc::BadGateway},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.reply.status);
    ScriptedServer registry([&](const Seen& seen) {
      return seen.target.starts_with("/token") ? c.reply : TokenGate::challenge(own_url(seen, "/token"));
    });
    connect_to({registry.url()});
    Error error = error_of(run(manifest()));
    EXPECT_EQ(error.code, c.code);
    EXPECT_TRUE(error.message.starts_with("reg.example: ")) << error.message;
    EXPECT_EQ(registry.log("/token").size(), 1u);
    EXPECT_EQ(registry.log("/elsewhere").size(), 0u);
    EXPECT_EQ(error.retry_after, c.code == Errc::RateLimited ? 7s : 0s);
  }
}

TEST_F(RegistryDenialTest, A401WithoutAChallengeIsExplainedByAPing) {
  TokenGate gate;
  ScriptedServer registry([&](const Seen& seen) -> Reply {
    if (seen.target.starts_with("/token")) return gate.token();
    if (seen.target == "/v2/") return TokenGate::challenge(own_url(seen, "/token"));
    return gate.opens_to(seen) ? kManifest : Reply{.status = 401};
  });
  connect_to({registry.url()});
  ASSERT_TRUE(run(manifest()));
  EXPECT_EQ(registry.log("/token").at(0).target, "/token?service=svc&scope=repository%3Aa%2Fb%3Apull");
  ASSERT_TRUE(run(manifest()));
  EXPECT_EQ(registry.log().size(), 5u);
}

TEST_F(RegistryDenialTest, A401WithoutAnyChallengeIsDenied) {
  ScriptedServer registry([](const Seen&) { return Reply{.status = 401}; });
  connect_to({registry.url()});
  EXPECT_EQ(error_of(run(manifest())).code, Errc::Denied);
  EXPECT_EQ(registry.log().size(), 2u);
}

const Reply kBasicChallenge{.status = 401, .headers = {{"WWW-Authenticate", "Basic realm=\"registry\""}}};

TEST_F(RegistryDenialTest, ABasicChallengeGetsTheCredentials) {
  ScriptedServer registry([](const Seen& seen) {
    return seen.header("authorization") == "Basic dXNlcjpwYXNzd29yZA==" ? kManifest : kBasicChallenge;
  });
  use_credentials();
  connect_to({registry.url()});
  ASSERT_TRUE(run(manifest()));
  ASSERT_TRUE(run(manifest()));
  EXPECT_EQ(registry.log().size(), 3u);
}

TEST_F(RegistryDenialTest, WrongCredentialsAreTriedOncePerCall) {
  ScriptedServer registry([](const Seen&) { return kBasicChallenge; });
  use_credentials();
  connect_to({registry.url()});
  EXPECT_EQ(error_of(run(manifest())).code, Errc::Denied);
  EXPECT_EQ(registry.log().size(), 2u);
  EXPECT_EQ(error_of(run(manifest())).code, Errc::Denied);
  EXPECT_EQ(registry.log().size(), 3u);
}

TEST_F(RegistryDenialTest, ABasicChallengeWithoutCredentialsIsDenied) {
  ScriptedServer registry([](const Seen&) { return kBasicChallenge; });
  connect_to({registry.url()});
  EXPECT_EQ(error_of(run(manifest())).code, Errc::Denied);
  EXPECT_EQ(registry.log().size(), 1u);
}

TEST_F(RegistryDenialTest, ARealmThatHasMovedIsLearntAgain) {
  TokenGate gate;
  std::atomic<bool> moved{false};
  ScriptedServer registry([&](const Seen& seen) -> Reply {
    const std::string realm = moved ? "/new-token" : "/token";
    if (path_part(seen.target) == realm) return gate.token();
    if (seen.target.starts_with("/token")) return {.status = 404};
    return gate.opens_to(seen) ? kManifest : TokenGate::challenge(own_url(seen, realm));
  });
  connect_to({registry.url()});
  ASSERT_TRUE(run(manifest()));
  moved = true;
  clock_.advance(1h);
  EXPECT_EQ(error_of(run(manifest())).code, Errc::BadGateway);
  EXPECT_TRUE(run(manifest()));
}

TEST_F(RegistryDenialTest, ATokenEndpointThatHangsCostsOnlyTheDeadline) {
  ScriptedServer registry([&](const Seen& seen) {
    return seen.target.starts_with("/token") ? Reply{.never = true} : TokenGate::challenge(own_url(seen, "/token"));
  });
  connect_to({registry.url()});
  Error error = error_of(run(manifest("a/b", io::SteadyClock::now() + 200ms)));
  EXPECT_EQ(error.code, Errc::Timeout);
}

}  // namespace
}  // namespace entrepot::upstream
