// What is asked of a registry, and what its answers become; redirects and several URLs.
#include "registry_client_fixture.hpp"

namespace entrepot::upstream {
namespace {

using namespace std::chrono_literals;

const std::string kManifestType = "application/vnd.oci.image.manifest.v1+json";

std::string read_all(BlobBody& body, io::Threads& threads) {
  struct Reader {
    static io::Awaitable<> run(BlobBody& from, std::promise<std::string>& result) {
      std::string all;
      std::array<std::byte, 1024> buffer{};
      for (;;) {
        auto count = co_await from.read(buffer);
        if (!count || *count == 0) break;
        all.append(reinterpret_cast<const char*>(buffer.data()), *count);
      }
      result.set_value(std::move(all));
    }
  };
  std::promise<std::string> result;
  io::net::co_spawn(threads.executor(0), Reader::run(body, result), [](std::exception_ptr) {});
  return result.get_future().get();
}

Reply redirect_to(const std::string& location, int status = 307) {
  return {.status = status, .headers = {{"Location", location}}};
}

TEST_F(RegistryClientTest, AManifestIsAskedForWithAllTypes) {
  ScriptedServer registry([](const Seen&) {
    return Reply{.headers = {{"Content-Type", kManifestType + "; charset=utf-8"}}, .body = "{}"};
  });
  connect_to({registry.url()});
  auto manifest_body = run(manifest());
  ASSERT_TRUE(manifest_body);
  EXPECT_EQ(manifest_body->bytes, "{}");
  EXPECT_EQ(manifest_body->media_type, kManifestType);
  auto log = registry.log();
  ASSERT_EQ(log.size(), 1u);
  EXPECT_EQ(log[0].method, "GET");
  EXPECT_EQ(log[0].target, "/v2/a/b/manifests/latest");
  EXPECT_NE(log[0].header("accept").find("application/vnd.oci.image.index.v1+json"), std::string::npos);
  EXPECT_EQ(log[0].header("accept").find("v1+prettyjws"), std::string::npos);
}

TEST_F(RegistryClientTest, AUrlMayHaveAPath) {
  ScriptedServer registry([](const Seen&) { return Reply{.body = "{}"}; });
  for (const char* path : {"/repository/docker", "/repository/docker/"}) {
    connect_to({registry.url(path)});
    ASSERT_TRUE(run(manifest()));
    EXPECT_EQ(registry.log().back().target, "/repository/docker/v2/a/b/manifests/latest");
  }
}

TEST_F(RegistryClientTest, AManifestOfMoreThan4MiBIsAnError) {
  ScriptedServer registry([](const Seen&) { return Reply{.body = std::string(4 * config::kMiB + 1, ' ')}; });
  connect_to({registry.url()});
  EXPECT_EQ(error_of(run(manifest())).code, Errc::BadGateway);
}

TEST_F(RegistryClientTest, Schema1IsNotFound) {
  ScriptedServer registry([](const Seen&) {
    return Reply{.headers = {{"Content-Type", "application/vnd.docker.distribution.manifest.v1+prettyjws"}},
                 .body = "{}"};
  });
  connect_to({registry.url()});
  Error error = error_of(run(manifest()));
  EXPECT_EQ(error.code, Errc::NotFound);
  EXPECT_NE(error.message.find("schema 1"), std::string::npos);
  EXPECT_EQ(error_of(run(client_->head_manifest({"a/b"}, oci::Tag{"latest"}, soon()))).code, Errc::NotFound);
}

TEST_F(RegistryClientTest, AHeadGivesWhatItSays) {
  struct Case {
    Reply reply;
    std::optional<oci::Digest> digest;
    std::string media_type;
    std::optional<std::uint64_t> size;
  };
  const Case cases[] = {
      {{.headers = {{"Content-Type", kManifestType},
                    {"Docker-Content-Digest", digest_.to_string()},
                    {"Content-Length", "123"}}},
       digest_,
       kManifestType,
       123},
      {{.headers = {{"Docker-Content-Digest", "sha256:bad"}, {"Content-Length", "0"}}}, {}, "", {}},
      {{.status = 405}, {}, "", {}},
      {{.status = 501}, {}, "", {}},
  };
  for (const Case& c : cases) {
    ScriptedServer registry([&c](const Seen&) { return c.reply; });
    connect_to({registry.url()});
    auto head = run(client_->head_manifest({"a/b"}, oci::Tag{"latest"}, soon()));
    ASSERT_TRUE(head);
    EXPECT_EQ(head->digest, c.digest);
    EXPECT_EQ(head->media_type, c.media_type);
    EXPECT_EQ(head->size, c.size);
    EXPECT_EQ(registry.log().at(0).method, "HEAD");
  }
}

TEST_F(RegistryClientTest, AHeadOfWhatIsNotThereIsNotFound) {
  ScriptedServer registry([](const Seen&) { return Reply{.status = 404}; });
  connect_to({registry.url()});
  EXPECT_EQ(error_of(run(client_->head_manifest({"a/b"}, oci::Tag{"latest"}, soon()))).code, Errc::NotFound);
}

TEST_F(RegistryClientTest, ErrorsAreWhatTheyAre) {
  struct Case {
    Reply reply;
    Errc code;
    std::chrono::seconds retry_after{0};
  };
  const Case cases[] = {
      {{.status = 404, .body = R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"unknown"}]})"}, Errc::NotFound},
      {{.status = 403}, Errc::Denied},
      {{.status = 429, .headers = {{"Retry-After", "60"}}, .body = "Too Many Requests (HAP429)."},
       Errc::RateLimited,
       60s},
      {{.status = 429, .headers = {{"Retry-After", "Tue, 14 Nov 2023 22:14:20 GMT"}}}, Errc::RateLimited, 60s},
      {{.status = 429}, Errc::RateLimited, 1s},
      {{.status = 503, .headers = {{"Retry-After", "5"}}}, Errc::Unavailable, 5s},
      {{.status = 500}, Errc::BadGateway},
      {{.status = 400}, Errc::BadGateway},
      {{.status = 300}, Errc::BadGateway},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.reply.status);
    ScriptedServer registry([&c](const Seen&) { return c.reply; });
    connect_to({registry.url()});
    Error error = error_of(run(manifest()));
    EXPECT_EQ(error.code, c.code);
    EXPECT_EQ(error.retry_after, c.retry_after);
    EXPECT_TRUE(error.message.starts_with("reg.example: ")) << error.message;
  }
}

TEST_F(RegistryClientTest, ARegistryThatHangsIsATimeout) {
  ScriptedServer registry([](const Seen&) { return Reply{.never = true}; });
  connect_to({registry.url()});
  EXPECT_EQ(error_of(run(manifest("a/b", io::SteadyClock::now() + 100ms))).code, Errc::Timeout);
}

TEST_F(RegistryClientTest, TheNextUrlIsTriedWhenOneFails) {
  ScriptedServer hanging([](const Seen&) { return Reply{.never = true}; });
  ScriptedServer failing([](const Seen&) { return Reply{.status = 502}; });
  ScriptedServer working([](const Seen&) { return Reply{.body = "{}"}; });
  connect_to({"http://127.0.0.1:1", hanging.url(), failing.url(), working.url()});
  EXPECT_TRUE(run(manifest("a/b", io::SteadyClock::now() + 2s)));
  EXPECT_EQ(failing.log().size(), 1u);
}

TEST_F(RegistryClientTest, TheNextUrlIsNotTriedForWhatOneSaysIsNotThere) {
  ScriptedServer first([](const Seen&) { return Reply{.status = 404}; });
  ScriptedServer second([](const Seen&) { return Reply{.body = "{}"}; });
  connect_to({first.url(), second.url()});
  EXPECT_EQ(error_of(run(manifest())).code, Errc::NotFound);
  EXPECT_TRUE(second.log().empty());
}

TEST_F(RegistryClientTest, ARedirectsTargetSeesTheRangeAndNoAuthorization) {
  TokenGate gate;
  ScriptedServer storage(
      [](const Seen&) { return Reply{.status = 206, .headers = {{"Content-Range", "bytes 2-3/4"}}, .body = "ob"}; });
  ScriptedServer registry([&](const Seen& seen) -> Reply {
    if (seen.target.starts_with("/token")) return gate.token();
    if (!gate.opens_to(seen)) return TokenGate::challenge(own_url(seen, "/token"));
    return redirect_to(storage.url("/signed?key=secret"));
  });
  connect_to({registry.url()});
  auto body = run(client_->get_blob({"a/b"}, digest_, BlobRange{.first = 2}, soon()));
  ASSERT_TRUE(body);
  EXPECT_EQ((*body)->first(), 2u);
  EXPECT_EQ((*body)->last(), 3u);
  EXPECT_EQ((*body)->total(), 4u);
  EXPECT_EQ(read_all(**body, threads_), "ob");
  auto log = storage.log();
  ASSERT_EQ(log.size(), 1u);
  EXPECT_EQ(log[0].target, "/signed?key=secret");
  EXPECT_EQ(log[0].header("range"), "bytes=2-");
  EXPECT_EQ(log[0].header("authorization"), "");
}

TEST_F(RegistryClientTest, ARelativeRedirectStaysAtTheRegistry) {
  ScriptedServer registry([](const Seen& seen) {
    return seen.target.starts_with("/v2/") ? redirect_to("/downloads/x", 302) : Reply{.body = "blob"};
  });
  connect_to({registry.url()});
  auto body = run(client_->get_blob({"a/b"}, digest_, BlobRange{}, soon()));
  ASSERT_TRUE(body);
  EXPECT_EQ((*body)->total(), 4u);
  EXPECT_EQ(registry.log("/downloads/x").size(), 1u);
}

TEST_F(RegistryClientTest, ARegistryBehindARedirectGetsAnAnonymousToken) {
  TokenGate gate;
  ScriptedServer target([&](const Seen& seen) -> Reply {
    if (seen.target.starts_with("/token")) return gate.token();
    if (!gate.opens_to(seen)) return TokenGate::challenge(own_url(seen, "/token"), "repository:p/a/b:pull");
    return {.body = "{}"};
  });
  ScriptedServer front([&](const Seen&) { return redirect_to(target.url("/v2/p/a/b/manifests/latest")); });
  use_credentials();
  connect_to({front.url()});
  ASSERT_TRUE(run(manifest()));
  auto tokens = target.log("/token");
  ASSERT_EQ(tokens.size(), 1u);
  EXPECT_EQ(tokens[0].target, "/token?service=svc&scope=repository%3Ap%2Fa%2Fb%3Apull");
  EXPECT_EQ(tokens[0].header("authorization"), "");
}

TEST_F(RegistryClientTest, ACredentialIsNotGivenToABasicChallengeBehindARedirect) {
  ScriptedServer target(
      [](const Seen&) { return Reply{.status = 401, .headers = {{"WWW-Authenticate", "Basic realm=\"give\""}}}; });
  ScriptedServer front([&](const Seen&) { return redirect_to(target.url("/v2/x")); });
  use_credentials();
  connect_to({front.url()});
  EXPECT_EQ(error_of(run(manifest())).code, Errc::Denied);
  auto log = target.log();
  ASSERT_EQ(log.size(), 1u);
  EXPECT_EQ(log[0].header("authorization"), "");
}

TEST_F(RegistryClientTest, AnExpiredSignedUrlIsNoDenialAndItsQueryIsNotTold) {
  ScriptedServer storage([](const Seen&) {
    return Reply{.status = 403, .headers = {{"Content-Type", "application/xml"}}, .body = "<Error>key=secret</Error>"};
  });
  ScriptedServer registry([&](const Seen&) { return redirect_to(storage.url("/signed?key=secret")); });
  connect_to({registry.url()});
  Error error = error_of(run(client_->get_blob({"a/b"}, digest_, BlobRange{}, soon())));
  EXPECT_EQ(error.code, Errc::BadGateway);
  EXPECT_EQ(error.message, "reg.example: status 403 from " + storage.authority() + "/signed");
}

TEST_F(RegistryClientTest, ARegistryBehindARedirectMayDeny) {
  ScriptedServer target([](const Seen&) {
    return Reply{.status = 403, .headers = {{"Docker-Distribution-API-Version", "registry/2.0"}}};
  });
  ScriptedServer front([&](const Seen&) { return redirect_to(target.url("/v2/p/a/b/manifests/latest")); });
  connect_to({front.url()});
  EXPECT_EQ(error_of(run(manifest())).code, Errc::Denied);
}

TEST_F(RegistryClientTest, ARedirectWithinTheRegistryKeepsTheToken) {
  TokenGate gate;
  ScriptedServer registry([&](const Seen& seen) -> Reply {
    if (seen.target.starts_with("/token")) return gate.token();
    if (!gate.opens_to(seen)) return TokenGate::challenge(own_url(seen, "/token"));
    return seen.target.starts_with("/v2/") ? redirect_to("/downloads/x", 302) : Reply{.body = "blob"};
  });
  connect_to({registry.url()});
  ASSERT_TRUE(run(client_->get_blob({"a/b"}, digest_, BlobRange{}, soon())));
  ASSERT_TRUE(run(client_->get_blob({"a/b"}, digest_, BlobRange{}, soon())));
  EXPECT_EQ(registry.log("/token").size(), 1u);
}

TEST_F(RegistryClientTest, ARedirectBackToTheRegistryBringsNoToken) {
  TokenGate gate;
  ScriptedServer away([](const Seen& seen) { return redirect_to(seen.target.substr(seen.target.find('=') + 1)); });
  ScriptedServer registry([&](const Seen& seen) -> Reply {
    if (seen.target.starts_with("/token")) return gate.token();
    if (seen.target.starts_with("/back")) return {.status = 404};
    if (!gate.opens_to(seen)) return TokenGate::challenge(own_url(seen, "/token"));
    return redirect_to(away.url("/?to=" + own_url(seen, "/back")));
  });
  connect_to({registry.url()});
  EXPECT_EQ(error_of(run(manifest())).code, Errc::NotFound);
  auto back = registry.log("/back");
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(back[0].header("authorization"), "");
}

TEST_F(RegistryClientTest, RedirectsEnd) {
  ScriptedServer registry([](const Seen&) { return redirect_to("/again"); });
  connect_to({registry.url()});
  EXPECT_EQ(error_of(run(manifest())).code, Errc::BadGateway);
  EXPECT_EQ(registry.log().size(), 6u);
}

TEST_F(RegistryClientTest, ARedirectThatLeadsNowhereIsAnError) {
  for (const char* location : {"", "ftp://x.example/", "http://user:password@127.0.0.1/", "http://169.254.169.254/"}) {
    SCOPED_TRACE(location);
    ScriptedServer registry([&](const Seen&) { return redirect_to(location); });
    connect_to({registry.url()});
    EXPECT_EQ(error_of(run(manifest())).code, Errc::BadGateway);
    EXPECT_EQ(registry.log().size(), 1u);
  }
}

TEST_F(RegistryClientTest, ABlobWithoutARangeIsWhole) {
  ScriptedServer registry([](const Seen&) { return Reply{.body = "blob"}; });
  connect_to({registry.url()});
  auto body = run(client_->get_blob({"a/b"}, digest_, BlobRange{.first = 2, .last = 3}, soon()));
  ASSERT_TRUE(body);
  EXPECT_EQ((*body)->first(), 0u);
  EXPECT_EQ((*body)->total(), 4u);
  EXPECT_EQ(read_all(**body, threads_), "blob");
  EXPECT_EQ(registry.log().at(0).header("range"), "bytes=2-3");
}

TEST_F(RegistryClientTest, ABlobsRangeThatWasNotAskedForIsAnError) {
  ScriptedServer registry(
      [](const Seen&) { return Reply{.status = 206, .headers = {{"Content-Range", "bytes 0-1/4"}}, .body = "bl"}; });
  connect_to({registry.url()});
  EXPECT_EQ(error_of(run(client_->get_blob({"a/b"}, digest_, BlobRange{.first = 2}, soon()))).code, Errc::BadGateway);
}

class StatBlobTest : public RegistryClientTest {
 protected:
  // The answers to HEAD and GET.
  Result<std::optional<std::uint64_t>> stat(Reply head, Reply get) {
    registry_ =
        std::make_unique<ScriptedServer>([head, get](const Seen& seen) { return seen.method == "HEAD" ? head : get; });
    connect_to({registry_->url()});
    return run(client_->stat_blob({"a/b"}, digest_, soon()));
  }

  std::unique_ptr<ScriptedServer> registry_;
};

TEST_F(StatBlobTest, HeadTellsTheSize) {
  auto size = stat({.headers = {{"Content-Length", "4"}}}, {.status = 500});
  ASSERT_TRUE(size);
  EXPECT_EQ(*size, 4u);
  EXPECT_EQ(registry_->log().size(), 1u);
}

TEST_F(StatBlobTest, AnAbsentBlobIsNotAskedForTwice) {
  EXPECT_EQ(error_of(stat({.status = 404}, {.body = "blob"})).code, Errc::NotFound);
  EXPECT_EQ(registry_->log().size(), 1u);
}

TEST_F(StatBlobTest, WhereHeadIsRefusedTheFirstByteTells) {
  const Reply first_byte{.status = 206, .headers = {{"Content-Range", "bytes 0-0/4"}}, .body = "b"};
  for (const Reply& head : {Reply{.status = 400}, Reply{.status = 401}, Reply{.status = 403}, Reply{.status = 405},
                            Reply{.status = 501}, Reply{.says_length = false}}) {
    SCOPED_TRACE(head.status);
    auto size = stat(head, first_byte);
    ASSERT_TRUE(size);
    EXPECT_EQ(*size, 4u);
    EXPECT_EQ(registry_->log().back().header("range"), "bytes=0-0");
  }
}

TEST_F(StatBlobTest, TheFirstByteMayComeAsTheWholeBlob) {
  auto size = stat({.status = 405}, {.body = "blob"});
  ASSERT_TRUE(size);
  EXPECT_EQ(*size, 4u);
}

TEST_F(StatBlobTest, AnEmptyBlobHasNoFirstByte) {
  auto size = stat({.status = 405}, {.status = 416, .headers = {{"Content-Range", "bytes */0"}}});
  ASSERT_TRUE(size);
  EXPECT_EQ(*size, 0u);
}

TEST_F(StatBlobTest, ABlobOfUnknownSizeIsThereAllTheSame) {
  auto size = stat({.status = 405}, {.body = "blob", .says_length = false});
  ASSERT_TRUE(size);
  EXPECT_EQ(*size, std::nullopt);
}

TEST_F(StatBlobTest, WhatTheGetSaysCounts) {
  EXPECT_EQ(error_of(stat({.status = 403}, {.status = 403})).code, Errc::Denied);
  EXPECT_EQ(error_of(stat({.status = 405}, {.status = 404})).code, Errc::NotFound);
}

TEST_F(RegistryClientTest, TagsComeInPages) {
  ScriptedServer registry([](const Seen& seen) -> Reply {
    if (seen.target == "/v2/a/b/tags/list?n=2") {
      return {.headers = {{"Link", "</v2/a/b/tags/list?n=2&last=2>; rel=\"next\""}}, .body = R"({"tags":["1","2"]})"};
    }
    return {.body = R"({"tags":["3"]})"};
  });
  connect_to({registry.url()});
  auto first = run(client_->tags({"a/b"}, 2, "", soon()));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->tags, (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(first->next, "2");
  auto second = run(client_->tags({"a/b"}, 2, first->next, soon()));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->tags, std::vector<std::string>{"3"});
  EXPECT_EQ(second->next, "");
  EXPECT_EQ(registry.log().back().target, "/v2/a/b/tags/list?n=2&last=2");
}

TEST_F(RegistryClientTest, NoMoreThanAThousandTagsAreAskedFor) {
  ScriptedServer registry([](const Seen&) { return Reply{.body = R"({"tags":null})"}; });
  connect_to({registry.url()});
  EXPECT_TRUE(run(client_->tags({"a/b"}, 100'000, "", soon())));
  EXPECT_EQ(registry.log().at(0).target, "/v2/a/b/tags/list?n=1000");
}

TEST_F(RegistryClientTest, ReferrersComeInPages) {
  const std::string path = "/v2/a/b/referrers/" + digest_.to_string();
  ScriptedServer registry([&](const Seen& seen) -> Reply {
    if (seen.target == path + "?artifactType=a%2Fb") {
      return {.headers = {{"OCI-Filters-Applied", "artifactType"},
                          {"Link", "<" + path + "?artifactType=a%2Fb&page=2>; rel=\"next\""}},
              .body = R"({"page":1})"};
    }
    return {.headers = {{"Link", "</v2/other/referrers/x?page=3>; rel=\"next\""}}, .body = R"({"page":2})"};
  });
  connect_to({registry.url()});
  auto first = run(client_->referrers({"a/b"}, digest_, "a/b", "", soon()));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->body, R"({"page":1})");
  EXPECT_TRUE(first->artifact_type_filtered);
  EXPECT_EQ(first->next, "artifactType=a%2Fb&page=2");
  auto second = run(client_->referrers({"a/b"}, digest_, "a/b", first->next, soon()));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->body, R"({"page":2})");
  EXPECT_FALSE(second->artifact_type_filtered);
  EXPECT_EQ(second->next, "");
  EXPECT_EQ(registry.log().back().target, path + "?artifactType=a%2Fb&page=2");
}

TEST_F(RegistryClientTest, APageThatIsNoListOfReferrersIsABadGateway) {
  ScriptedServer registry([](const Seen&) { return Reply{.body = "<html>Log in</html>"}; });
  connect_to({registry.url()});
  EXPECT_EQ(error_of(run(client_->referrers({"a/b"}, digest_, "", "", soon()))).code, Errc::BadGateway);
}

TEST_F(RegistryClientTest, AMalformedPageOfReferrersIsNotAskedFor) {
  ScriptedServer registry([](const Seen&) { return Reply{}; });
  connect_to({registry.url()});
  for (const char* next : {"a b", "a\r\nX: y", "a#b", "\"a\""}) {
    EXPECT_EQ(error_of(run(client_->referrers({"a/b"}, digest_, "", next, soon()))).code, Errc::Invalid);
  }
  EXPECT_TRUE(registry.log().empty());
}

TEST_F(RegistryClientTest, AUrlThatIsNoneStopsTheStart) {
  EXPECT_THROW(connect_to({"ftp://reg.example"}), std::runtime_error);
  EXPECT_THROW(connect_to({}), std::runtime_error);
}

}  // namespace
}  // namespace entrepot::upstream
