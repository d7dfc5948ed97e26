#include "upstream/challenge.hpp"

#include <gtest/gtest.h>

namespace entrepot::upstream {
namespace {

using Lines = std::vector<std::string>;

Challenge bearer(std::string realm, std::string service = {}, std::string scope = {}) {
  return {.scheme = "bearer", .realm = std::move(realm), .service = std::move(service), .scope = std::move(scope)};
}

Challenge basic(std::string realm) {
  return {.scheme = "basic", .realm = std::move(realm), .service = {}, .scope = {}};
}

TEST(Challenge, ReadsWhatRegistriesSend) {
  struct Case {
    Lines lines;
    std::vector<Challenge> challenges;
  };
  const Case cases[] = {
      {{R"(Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull")"},
       {bearer("https://auth.docker.io/token", "registry.docker.io", "repository:a/b:pull")}},
      {{R"(bearer realm=https://q.io/v2/auth,service=q.io,scope=repository:a:pull)"},
       {bearer("https://q.io/v2/auth", "q.io", "repository:a:pull")}},
      {{R"(BEARER REALM = "r" , Service="s")"}, {bearer("r", "s")}},
      {{R"(Bearer realm="r" service="s")"}, {bearer("r", "s")}},
      {{R"(Bearer realm="r",scope="repository:a:pull,push",error="insufficient_scope")"},
       {bearer("r", "", "repository:a:pull,push")}},
      {{R"(Bearer realm="a \"quoted\" \\ realm",service="x")"}, {bearer(R"(a "quoted" \ realm)", "x")}},
      {{R"(Basic realm="b", Bearer realm="r",service="s")"}, {basic("b"), bearer("r", "s")}},
      {{R"(Basic realm="b")", R"(Bearer realm="r")"}, {basic("b"), bearer("r")}},
      {{R"(Negotiate, Basic realm="b")"},
       {{.scheme = "negotiate", .realm = {}, .service = {}, .scope = {}}, basic("b")}},
      {{R"(Bearer realm="first",realm="second")"}, {bearer("first")}},
      {{R"(Bearer realm="never ends)"}, {bearer("never ends")}},
      {{R"(realm="of nothing")"}, {}},
      {{R"("stray", =, Bearer realm="r")"}, {bearer("r")}},
      {{R"(,,  ,)"}, {}},
      {{""}, {}},
      {{}, {}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.lines.empty() ? "" : c.lines.front());
    EXPECT_EQ(parse_challenges(c.lines), c.challenges);
  }
}

TEST(Challenge, AParameterBelongsToNoSchemeOfAnotherLine) {
  EXPECT_EQ(parse_challenges(Lines{"Bearer", R"(realm="r")"}), std::vector<Challenge>{bearer("")});
}

TEST(Challenge, BearerIsChosenBeforeBasic) {
  EXPECT_EQ(choose_challenge(Lines{R"(Basic realm="b", Bearer realm="r")"}), bearer("r"));
  EXPECT_EQ(choose_challenge(Lines{R"(Bearer service="without realm", Basic realm="b")"}), basic("b"));
  EXPECT_EQ(choose_challenge(Lines{"Negotiate"}), std::nullopt);
}

TEST(Challenge, OurScopeReplacesThatOfARepository) {
  struct Case {
    const char* scope;
    const char* asked;
    const char* expected;
  };
  const Case cases[] = {
      {"", "https://quay.io/v2/a/b/manifests/1", "repository:a/b:pull"},
      {"repository:user/image:pull", "https://ghcr.io/v2/a/b/manifests/1", "repository:a/b:pull"},
      {"repository:a/b:pull,push", "https://x.example/base/v2/a/b/blobs/x", "repository:a/b:pull"},
      {"aws", "https://public.ecr.aws/v2/a/b/manifests/1", "aws"},
      {"repository:p/images/a/b:pull", "https://eu.pkg.dev/v2/p/images/a/b/manifests/1",
       "repository:p/images/a/b:pull"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.asked);
    EXPECT_EQ(scope_to_ask(bearer("r", "s", c.scope), "a/b", *http::Url::parse(c.asked)), c.expected);
  }
}

TEST(Challenge, ARepositorysScopeDoesNotHoldForAnother) {
  EXPECT_EQ(for_any_repository(bearer("r", "s", "repository:a:pull")), bearer("r", "s"));
  EXPECT_EQ(for_any_repository(bearer("r", "s", "aws")), bearer("r", "s", "aws"));
}

}  // namespace
}  // namespace entrepot::upstream
