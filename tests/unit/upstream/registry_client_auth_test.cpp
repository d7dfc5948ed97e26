// Challenges, tokens and credentials, against servers that keep a log.
#include "registry_client_fixture.hpp"

namespace entrepot::upstream {
namespace {

using namespace std::chrono_literals;

const Reply kManifest{.headers = {{"Content-Type", "application/vnd.oci.image.manifest.v1+json"}}, .body = "{}"};

const Reply kBasicChallenge{.status = 401, .headers = {{"WWW-Authenticate", "Basic realm=\"registry\""}}};

// A registry that asks for tokens of `gate_`, and its token endpoint, in one.
class RegistryAuthTest : public RegistryClientTest {
 protected:
  // Its realm lies on the same port under `realm_host`, a name for 127.0.0.1.
  void connect(const std::string& realm_host = "127.0.0.1") {
    server_ = std::make_unique<ScriptedServer>([this, realm_host](const Seen& seen) {
      if (seen.target.starts_with("/token")) return gate_.token();
      const std::string port = seen.header("host").substr(seen.header("host").find(':'));
      if (!gate_.opens_to(seen)) return TokenGate::challenge("http://" + realm_host + port + "/token?own=1");
      return kManifest;
    });
    connect_to({server_->url()});
  }

  TokenGate gate_;
  std::unique_ptr<ScriptedServer> server_;
};

TEST_F(RegistryAuthTest, TheFirstRequestAssumesNoChallengeAndTheNextOnesBringTheirToken) {
  connect();
  ASSERT_TRUE(run(manifest("a/b")));
  ASSERT_TRUE(run(manifest("a/b")));
  auto log = server_->log();
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
  auto log = server_->log();
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
  EXPECT_EQ(server_->log("/token").size(), 2u);
}

TEST_F(RegistryAuthTest, ATokenIsRenewedBeforeItExpires) {
  connect();
  ASSERT_TRUE(run(manifest()));
  clock_.advance(269s);
  ASSERT_TRUE(run(manifest()));
  EXPECT_EQ(server_->log("/token").size(), 1u);
  clock_.advance(2s);
  ASSERT_TRUE(run(manifest()));
  EXPECT_EQ(server_->log("/token").size(), 2u);
  EXPECT_EQ(server_->log("/v2/").size(), 4u);
}

TEST_F(RegistryAuthTest, ARefusedTokenIsReplacedOnce) {
  connect();
  ASSERT_TRUE(run(manifest()));
  gate_.revoke();
  ASSERT_TRUE(run(manifest()));
  EXPECT_EQ(server_->log("/token").size(), 2u);
}

TEST_F(RegistryAuthTest, CredentialsGoToTheRegistrysOwnRealm) {
  use_credentials();
  connect();
  ASSERT_TRUE(run(manifest()));
  auto tokens = server_->log("/token");
  ASSERT_EQ(tokens.size(), 1u);
  EXPECT_EQ(tokens[0].header("authorization"), "Basic dXNlcjpwYXNzd29yZA==");
  EXPECT_EQ(tokens[0].target, "/token?own=1&account=user&service=svc&scope=repository%3Aa%2Fb%3Apull");
}

TEST_F(RegistryAuthTest, AForeignRealmIsAskedAnonymously) {
  use_credentials();
  connect("localhost");
  ASSERT_TRUE(run(manifest()));
  auto tokens = server_->log("/token");
  ASSERT_EQ(tokens.size(), 1u);
  EXPECT_EQ(tokens[0].header("authorization"), "");
  EXPECT_EQ(tokens[0].target.find("account"), std::string::npos);
}

TEST_F(RegistryAuthTest, AListedRealmGetsTheCredentials) {
  use_credentials({"localhost"});
  connect("localhost");
  ASSERT_TRUE(run(manifest()));
  auto tokens = server_->log("/token");
  ASSERT_EQ(tokens.size(), 1u);
  EXPECT_EQ(tokens[0].header("authorization"), "Basic dXNlcjpwYXNzd29yZA==");
}

TEST_F(RegistryAuthTest, AnIdentityTokenIsPostedToTheRealm) {
  use_docker_entry(R"("identitytoken":"r3fresh&=")");
  connect();
  ASSERT_TRUE(run(manifest()));
  ASSERT_TRUE(run(manifest()));
  auto tokens = server_->log("/token");
  ASSERT_EQ(tokens.size(), 1u);
  EXPECT_EQ(tokens[0].method, "POST");
  EXPECT_EQ(tokens[0].target, "/token?own=1");
  EXPECT_EQ(tokens[0].header("authorization"), "");
  EXPECT_EQ(tokens[0].header("content-type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(tokens[0].body,
            "grant_type=refresh_token&client_id=entrepot&service=svc&scope=repository%3Aa%2Fb%3Apull"
            "&refresh_token=r3fresh%26%3D");
  EXPECT_FALSE(alarm_is_raised());
}

TEST_F(RegistryAuthTest, AForeignRealmGetsNoIdentityToken) {
  use_docker_entry(R"("identitytoken":"r3fresh")");
  connect("localhost");
  ASSERT_TRUE(run(manifest()));
  auto tokens = server_->log("/token");
  ASSERT_EQ(tokens.size(), 1u);
  EXPECT_EQ(tokens[0].method, "GET");
  EXPECT_EQ(tokens[0].header("authorization"), "");
}

TEST_F(RegistryAuthTest, ARegistryTokenIsSentAsItIsAndNoOtherIsAskedFor) {
  use_docker_entry(R"("registrytoken":"token-1")");
  connect();
  gate_.revoke();  // "token-1" is what it opens to
  ASSERT_TRUE(run(manifest()));
  EXPECT_EQ(server_->log("/token").size(), 0u);
  EXPECT_EQ(server_->log().back().header("authorization"), "Bearer token-1");
  EXPECT_FALSE(alarm_is_raised());
  gate_.revoke();
  EXPECT_EQ(error_of(run(manifest())).code, Errc::Denied);
  EXPECT_TRUE(alarm_is_raised());
}

using RegistryDenialTest = RegistryClientTest;

TEST_F(RegistryDenialTest, WhereIdentityTokensCannotBePostedTheyStandInThePasswordsPlace) {
  for (int status : {404, 405}) {
    TokenGate gate;
    ScriptedServer registry([&](const Seen& seen) -> Reply {
      if (seen.target.starts_with("/token")) return seen.method == "POST" ? Reply{.status = status} : gate.token();
      return gate.opens_to(seen) ? kManifest : TokenGate::challenge(own_url(seen, "/token"));
    });
    use_docker_entry(R"("auth":"dXNlcjo=","identitytoken":"password")");
    connect_to({registry.url()});
    ASSERT_TRUE(run(manifest()));
    auto tokens = registry.log("/token");
    ASSERT_EQ(tokens.size(), 2u);
    EXPECT_EQ(tokens[1].method, "GET");
    EXPECT_EQ(tokens[1].header("authorization"), "Basic dXNlcjpwYXNzd29yZA==");
  }
}

// RFC 6749, 5.2; an error that quotes what it refuses does not get through.
TEST_F(RegistryDenialTest, AnIdentityTokenThatIsNotGoodAnyMoreIsARefusal) {
  struct Case {
    Reply reply;
    Errc code;
  };
  const Case cases[] = {
      {{.status = 400, .body = R"({"error":"invalid_grant","message":"r3fresh"})"}, Errc::Denied},
      {{.status = 400, .body = R"({"error":"invalid_request"})"}, Errc::BadGateway},
      {{.status = 401, .body = R"({"errors":[{"code":"UNAUTHORIZED","message":"no such token r3fresh"}]})"},
       Errc::Denied},
  };
  for (const Case& c : cases) {
    ScriptedServer registry([&](const Seen& seen) {
      return seen.target.starts_with("/token") ? c.reply : TokenGate::challenge(own_url(seen, "/token"));
    });
    use_docker_entry(R"("identitytoken":"r3fresh")");
    connect_to({registry.url()});
    Error error = error_of(run(manifest()));
    EXPECT_EQ(error.code, c.code) << c.reply.body;
    EXPECT_EQ(error.message.find("r3fresh"), std::string::npos) << error.message;
    EXPECT_EQ(registry.log("/token").size(), 1u);
  }
}

TEST_F(RegistryDenialTest, AnIdentityTokenIsNoAnswerToABasicChallenge) {
  ScriptedServer registry([](const Seen&) { return kBasicChallenge; });
  use_docker_entry(R"("auth":"dXNlcjo=","identitytoken":"r3fresh")");
  connect_to({registry.url()});
  EXPECT_EQ(error_of(run(manifest())).code, Errc::Denied);
  EXPECT_EQ(registry.log().size(), 1u);
}

// Docker Hub's answer to a repository that does not exist.
TEST_F(RegistryDenialTest, ATokenThatOpensNoRepositoryDoesNotRaiseTheAlarm) {
  TokenGate gate;
  ScriptedServer registry([&](const Seen& seen) {
    return seen.target.starts_with("/token") ? gate.token() : TokenGate::challenge(own_url(seen, "/token"));
  });
  use_credentials();
  connect_to({registry.url()});
  EXPECT_EQ(error_of(run(manifest())).code, Errc::Denied);
  EXPECT_FALSE(alarm_is_raised());
}

TEST_F(RegistryDenialTest, RefusedCredentialsRaiseTheAlarmUntilTheyAreAccepted) {
  for (bool at_the_registry : {true, false}) {
    for (int status : {401, 403}) {
      std::atomic<bool> refuse{true};
      TokenGate gate;
      ScriptedServer registry([&](const Seen& seen) -> Reply {
        const bool has_account = seen.header("authorization").starts_with("Basic");
        if (has_account && refuse) return {.status = status, .headers = kBasicChallenge.headers};
        if (at_the_registry) return has_account ? kManifest : kBasicChallenge;
        if (seen.target.starts_with("/token")) return gate.token();
        return gate.opens_to(seen) ? kManifest : TokenGate::challenge(own_url(seen, "/token"));
      });
      SCOPED_TRACE(status);
      use_credentials();
      connect_to({registry.url()});
      EXPECT_TRUE(notices_.lines().empty());
      EXPECT_EQ(error_of(run(manifest())).code, Errc::Denied);
      ASSERT_EQ(notices_.lines().size(), 1u);
      EXPECT_EQ(notices_.lines()[0], "upstream reg.example: " + registry.authority() + " refuses its credentials");
      refuse = false;
      EXPECT_TRUE(run(manifest()));
      EXPECT_TRUE(notices_.lines().empty());
    }
  }
}

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
