#include "registry/route.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace entrepot::registry {

// How a case that fails is printed.
void PrintTo(Endpoint endpoint, std::ostream* out) { *out << "endpoint " << static_cast<int>(endpoint); }

namespace {

using oci::ApiCode;

const std::string kHex(64, 'a');
const std::string kDigest = "sha256:" + kHex;

config::Upstream upstream(std::string name, std::vector<std::string> aliases, std::vector<std::string> prefixes) {
  config::Upstream made;
  made.name = std::move(name);
  made.aliases = std::move(aliases);
  made.prefixes = std::move(prefixes);
  return made;
}

config::Config make_config() {
  config::Config config;
  for (config::Upstream& each : std::vector<config::Upstream>{
           upstream("docker.io", {"index.docker.io", "registry-1.docker.io"}, {"docker-hub", "mirrors/hub", "team"}),
           upstream("ghcr.io", {}, {"mirrors", "team/github"}),
           upstream("registry.local:5000", {}, {"local"}),
           upstream("harbor.example", {}, {}),
       }) {
    config.upstreams.emplace(each.name, each);
  }
  return config;
}

class RouteTest : public testing::Test {
 protected:
  RouteResult get(std::string_view target) const { return parse_route(table_, "GET", target, listener_); }

  void listen_for(std::string upstream_name) { listener_ = std::move(upstream_name); }

  // "upstream repository reference", or "STATUS CODE".
  std::string outcome(std::string_view target) const {
    RouteResult route = get(target);
    if (!route) {
      return std::to_string(status_of(route.error().code)) + ' ' + std::string(name_of(route.error().code));
    }
    std::string text = route->upstream;
    if (!route->repository.empty()) text += ' ' + route->repository;
    if (route->reference) text += ' ' + to_string(*route->reference);
    if (route->digest) text += ' ' + route->digest->to_string();
    return text;
  }

  struct Case {
    std::string target;
    std::string outcome;
  };
  void check(const std::vector<Case>& cases) const {
    for (const Case& each : cases) EXPECT_EQ(outcome(each.target), each.outcome) << each.target;
  }

  RoutingTable table_{make_config()};
  std::optional<std::string> listener_;
};

TEST_F(RouteTest, EveryEndpointInEveryShape) {
  struct Row {
    std::string path;
    Endpoint endpoint;
    std::string operand;
  };
  const Row rows[] = {
      {"group/app/manifests/3.20", Endpoint::Manifest, " group/app 3.20"},
      {"group/app/manifests/" + kDigest, Endpoint::Manifest, " group/app " + kDigest},
      {"group/app/blobs/" + kDigest, Endpoint::Blob, " group/app " + kDigest},
      {"group/app/referrers/" + kDigest, Endpoint::Referrers, " group/app " + kDigest},
      {"group/app/tags/list", Endpoint::Tags, " group/app"},
      {"_catalog", Endpoint::Catalog, ""},
      {"", Endpoint::Ping, ""},
  };
  for (const Row& row : rows) {
    for (const std::string& target : {"/harbor.example/v2/" + row.path, "/v2/harbor.example/" + row.path,
                                      "/v2/harbor.example/" + row.path + "?ns=harbor.example"}) {
      RouteResult route = get(target);
      ASSERT_TRUE(route) << target << ": " << route.error().message;
      EXPECT_EQ(route->endpoint, row.endpoint) << target;
      EXPECT_TRUE(route->upstream_named) << target;
      EXPECT_EQ(outcome(target), "harbor.example" + row.operand) << target;
    }
  }
}

TEST_F(RouteTest, PingNeedsNoSlash) {
  for (std::string target : {"/v2", "/v2/", "/docker-hub/v2", "/docker-hub/v2/", "/v2/docker-hub", "/v2/docker-hub/",
                             "/v2/mirrors/hub/", "/v2/?ns=docker.io", "/v2?ns=docker.io"}) {
    RouteResult route = get(target);
    ASSERT_TRUE(route) << target << ": " << route.error().message;
    EXPECT_EQ(route->endpoint, Endpoint::Ping) << target;
    EXPECT_EQ(route->upstream, "docker.io") << target;
  }
}

// What the configuration says of repositories.

class RulesTest : public RouteTest {
 protected:
  RulesTest() {
    config::Config config = make_config();
    config::Upstream& hub = config.upstreams.at("docker.io");
    hub.rewrite = {{"old/(.*)", "new/$1"}, {"library/broken", "Broken!"}};
    hub.allow = {"library/*", "new/*"};
    hub.deny = {"*/secret"};
    table_ = RoutingTable(config);
  }
};

TEST_F(RulesTest, ARepositoryIsRenamedAndThenAdmitted) {
  check({
      {"/v2/alpine/manifests/3", "docker.io library/alpine 3"},
      {"/v2/old/app/manifests/3", "docker.io new/app 3"},
      {"/v2/docker.io/old/app/manifests/3", "docker.io new/app 3"},
      {"/v2/new/app/tags/list", "docker.io new/app"},
      {"/v2/other/app/manifests/3", "403 DENIED"},
      {"/v2/old/secret/manifests/3", "403 DENIED"},
      {"/v2/library/secret/blobs/" + kDigest, "403 DENIED"},
      {"/v2/broken/manifests/3", "400 NAME_INVALID"},
      {"/v2/ghcr.io/other/secret/manifests/3", "ghcr.io other/secret 3"},
      {"/v2/", "docker.io"},
  });
  EXPECT_EQ(get("/v2/other/app/manifests/3").error().message,
            R"(docker.io: the configuration does not allow "other/app")");
}

// The order of preference: listener, ns, prefix, default.

TEST_F(RouteTest, DefaultUpstreamWhereNothingIsNamed) {
  check({
      {"/v2/library/alpine/manifests/3", "docker.io library/alpine 3"},
      {"/v2/grafana/loki/tags/list", "docker.io grafana/loki"},
  });
  EXPECT_FALSE(get("/v2/grafana/loki/tags/list")->upstream_named);
  EXPECT_FALSE(get("/v2/_catalog")->upstream_named);
}

TEST_F(RouteTest, NamespaceIsANameOrAnAlias) {
  check({
      {"/v2/library/alpine/manifests/3?ns=docker.io", "docker.io library/alpine 3"},
      {"/v2/library/alpine/manifests/3?ns=index.docker.io", "docker.io library/alpine 3"},
      {"/v2/library/alpine/manifests/3?ns=registry-1.docker.io", "docker.io library/alpine 3"},
      {"/v2/a/b/manifests/3?ns=ghcr.io", "ghcr.io a/b 3"},
      {"/v2/a/b/manifests/3?ns=registry.local%3A5000", "registry.local:5000 a/b 3"},
      {"/v2/a/b/manifests/3?ns=registry.local:5000", "registry.local:5000 a/b 3"},
      {"/v2/a/b/manifests/3?n=1&ns=ghcr.io&x=y", "ghcr.io a/b 3"},
      {"/v2/a/b/manifests/3?%6es=ghcr.io", "ghcr.io a/b 3"},
      // A prefix is no host name, and a host that is not configured is not asked.
      {"/v2/a/b/manifests/3?ns=docker-hub", "404 NAME_UNKNOWN"},
      {"/v2/a/b/manifests/3?ns=evil.example", "404 NAME_UNKNOWN"},
      {"/v2/?ns=evil.example", "404 NAME_UNKNOWN"},
      {"/v2/_catalog?ns=evil.example", "404 NAME_UNKNOWN"},
  });
}

TEST_F(RouteTest, EmptyNamespaceCountsAsAbsent) {
  for (std::string target : {"/v2/a/b/manifests/3?ns=", "/v2/a/b/manifests/3?ns", "/v2/a/b/manifests/3?"}) {
    EXPECT_EQ(outcome(target), "docker.io a/b 3") << target;
    EXPECT_EQ(get(target)->ns, std::nullopt) << target;
    EXPECT_FALSE(get(target)->upstream_named) << target;
  }
}

TEST_F(RouteTest, RepeatedNamespaceIsRefused) {
  check({
      {"/v2/a/b/manifests/3?ns=ghcr.io&ns=docker.io", "400 NAME_INVALID"},
      {"/v2/a/b/manifests/3?ns=ghcr.io&ns=ghcr.io", "400 NAME_INVALID"},
      {"/v2/a/b/manifests/3?ns=&ns=ghcr.io", "400 NAME_INVALID"},
      {"/v2/?ns=ghcr.io&n=1&ns=ghcr.io", "400 NAME_INVALID"},
  });
}

TEST_F(RouteTest, PrefixIsANameAnAliasOrAPrefix) {
  for (std::string prefix : {"docker.io", "index.docker.io", "registry-1.docker.io", "docker-hub", "mirrors/hub"}) {
    check({
        {"/v2/" + prefix + "/grafana/loki/manifests/3", "docker.io grafana/loki 3"},
        {"/" + prefix + "/v2/grafana/loki/manifests/3", "docker.io grafana/loki 3"},
    });
  }
  check({
      {"/v2/registry.local:5000/a/b/manifests/3", "registry.local:5000 a/b 3"},
      {"/v2/registry.local%3A5000/a/b/manifests/3", "registry.local:5000 a/b 3"},
      {"/registry.local:5000/v2/a/b/manifests/3", "registry.local:5000 a/b 3"},
      {"/v2/local/a/manifests/3", "registry.local:5000 a 3"},
  });
}

TEST_F(RouteTest, LongestPrefixOfWholeComponentsWins) {
  check({
      {"/v2/mirrors/hub/a/b/manifests/3", "docker.io a/b 3"},
      {"/v2/mirrors/hubble/b/manifests/3", "ghcr.io hubble/b 3"},
      {"/v2/mirrors/a/b/manifests/3", "ghcr.io a/b 3"},
      {"/v2/team/github/a/manifests/3", "ghcr.io a 3"},
      {"/v2/team/git/a/manifests/3", "docker.io git/a 3"},
      {"/mirrors/hub/v2/a/b/manifests/3", "docker.io a/b 3"},
      {"/mirrors/v2/a/b/manifests/3", "ghcr.io a/b 3"},
      {"/v2/docker-hubs/a/manifests/3", "docker.io docker-hubs/a 3"},
      // Nothing would be left of the name.
      {"/v2/mirrors/hub/manifests/3", "ghcr.io hub 3"},
      {"/v2/mirrors/manifests/3", "docker.io library/mirrors 3"},
  });
}

TEST_F(RouteTest, OnlyOnePrefixIsTakenOff) {
  // What a registry keeps under another's name, as proxies do, can be named behind its own.
  check({
      {"/v2/harbor.example/docker.io/library/alpine/manifests/3", "harbor.example docker.io/library/alpine 3"},
      {"/v2/harbor.example/quay.io/a/b/manifests/3", "harbor.example quay.io/a/b 3"},
      {"/v2/docker-hub/docker-hub/a/manifests/3", "docker.io docker-hub/a 3"},
  });
}

TEST_F(RouteTest, PrefixOfTheChosenUpstreamIsNotPartOfTheName) {
  check({
      // BuildKit and containerd send both.
      {"/v2/docker-hub/library/alpine/manifests/3?ns=docker.io", "docker.io library/alpine 3"},
      {"/docker-hub/v2/library/alpine/manifests/3?ns=docker.io", "docker.io library/alpine 3"},
      {"/v2/docker.io/alpine/manifests/3?ns=registry-1.docker.io", "docker.io library/alpine 3"},
      {"/v2/mirrors/hub/a/b/manifests/3?ns=docker.io", "docker.io a/b 3"},
      {"/docker-hub/v2/docker.io/a/b/manifests/3", "docker.io a/b 3"},
      {"/v2/docker-hub/_catalog?ns=docker.io", "docker.io"},
  });
}

TEST_F(RouteTest, PrefixOfAnotherUpstreamIsUnknown) {
  check({
      {"/v2/ghcr.io/a/b/manifests/3?ns=docker.io", "404 NAME_UNKNOWN"},
      {"/ghcr.io/v2/a/b/manifests/3?ns=docker.io", "404 NAME_UNKNOWN"},
      {"/v2/mirrors/a/b/manifests/3?ns=docker.io", "404 NAME_UNKNOWN"},
      {"/docker-hub/v2/ghcr.io/a/b/manifests/3", "404 NAME_UNKNOWN"},
      {"/v2/ghcr.io/_catalog?ns=docker.io", "404 NAME_UNKNOWN"},
      {"/ghcr.io/v2/?ns=docker.io", "404 NAME_UNKNOWN"},
      {"/v2/ghcr.io/?ns=docker.io", "404 NAME_UNKNOWN"},
  });
}

TEST_F(RouteTest, ListenersUpstreamComesFirst) {
  listen_for("ghcr.io");
  check({
      {"/v2/a/b/manifests/3", "ghcr.io a/b 3"},
      {"/v2/alpine/manifests/3", "ghcr.io alpine 3"},
      {"/v2/a/b/manifests/3?ns=ghcr.io", "ghcr.io a/b 3"},
      {"/v2/a/b/manifests/3?ns=docker.io", "404 NAME_UNKNOWN"},
      {"/v2/a/b/manifests/3?ns=evil.example", "404 NAME_UNKNOWN"},
      {"/v2/ghcr.io/a/b/manifests/3", "ghcr.io a/b 3"},
      {"/mirrors/v2/a/b/manifests/3", "ghcr.io a/b 3"},
      {"/v2/mirrors/a/b/manifests/3?ns=ghcr.io", "ghcr.io a/b 3"},
      {"/v2/mirrors/hub/a/b/manifests/3", "404 NAME_UNKNOWN"},
      {"/v2/docker.io/library/alpine/manifests/3", "404 NAME_UNKNOWN"},
      {"/docker-hub/v2/library/alpine/manifests/3", "404 NAME_UNKNOWN"},
      {"/v2/evil.example/a/manifests/3", "404 NAME_UNKNOWN"},
      {"/v2/_catalog", "ghcr.io"},
      {"/v2/docker.io/_catalog", "404 NAME_UNKNOWN"},
      {"/v2/", "ghcr.io"},
  });
  EXPECT_TRUE(get("/v2/_catalog")->upstream_named);
}

TEST_F(RouteTest, RepositoryThatLooksLikeAnothersPrefixIsUnknown) {
  listen_for("docker.io");
  check({
      {"/v2/mirrors/app/manifests/3", "404 NAME_UNKNOWN"},
      {"/v2/team/app/manifests/3", "docker.io library/app 3"},
      {"/v2/team/github/app/manifests/3", "404 NAME_UNKNOWN"},
  });
}

TEST_F(RouteTest, HostThatIsNotConfiguredIsUnknown) {
  check({
      {"/v2/evil.example/a/b/manifests/3", "404 NAME_UNKNOWN"},
      {"/v2/evil.example/a/manifests/3", "404 NAME_UNKNOWN"},
      {"/v2/evil:5000/a/manifests/3", "404 NAME_UNKNOWN"},
      {"/v2/localhost/a/manifests/3", "404 NAME_UNKNOWN"},
      {"/v2/localhost:5000/a/tags/list", "404 NAME_UNKNOWN"},
      {"/v2/Evil.Example/a/blobs/" + kDigest, "404 NAME_UNKNOWN"},
      {"/v2/evil.example/a/manifests/3?ns=docker.io", "404 NAME_UNKNOWN"},
      {"/docker-hub/v2/evil.example/a/manifests/3", "404 NAME_UNKNOWN"},
      {"/v2/evil.example/_catalog", "404 NAME_UNKNOWN"},
      {"/evil.example/v2/a/b/manifests/3", "404 NAME_UNKNOWN"},
      {"/evil/v2/a/b/manifests/3", "404 NAME_UNKNOWN"},
      // One component is no host, and localhost has no special meaning further back.
      {"/v2/my.image/manifests/3", "docker.io library/my.image 3"},
      {"/v2/localhost/manifests/3", "docker.io library/localhost 3"},
      {"/v2/a/localhost/manifests/3", "docker.io a/localhost 3"},
      {"/v2/a/b.c/manifests/3", "docker.io a/b.c 3"},
  });
}

TEST_F(RouteTest, OfficialImagesOfDockerHubAreInLibrary) {
  check({
      {"/v2/alpine/manifests/3", "docker.io library/alpine 3"},
      {"/v2/alpine/manifests/3?ns=docker.io", "docker.io library/alpine 3"},
      {"/v2/docker-hub/alpine/tags/list", "docker.io library/alpine"},
      {"/docker-hub/v2/alpine/blobs/" + kDigest, "docker.io library/alpine " + kDigest},
      {"/v2/library/alpine/manifests/3", "docker.io library/alpine 3"},
      {"/v2/alpine/manifests/3?ns=ghcr.io", "ghcr.io alpine 3"},
      {"/v2/ghcr.io/alpine/manifests/3", "ghcr.io alpine 3"},
  });
}

// The path.

TEST_F(RouteTest, EndpointIsReadFromTheRight) {
  check({
      {"/v2/a/manifests/b/manifests/c", "docker.io a/manifests/b c"},
      {"/v2/a/blobs/b/manifests/c", "docker.io a/blobs/b c"},
      {"/v2/a/tags/list/tags/list", "docker.io a/tags/list"},
      {"/v2/a/manifests/tags/list", "docker.io a/manifests"},
      {"/v2/manifests/manifests/manifests", "docker.io library/manifests manifests"},
      {"/v2/a/v2/b/manifests/c", "docker.io a/v2/b c"},
      {"/v2/v2/v2/manifests/v2", "docker.io v2/v2 v2"},
      {"/docker-hub/v2/a/v2/manifests/v2", "docker.io a/v2 v2"},
      {"/v2/a/b/manifests/_catalog", "docker.io a/b _catalog"},
      {"/v2/a/b/manifests/list", "docker.io a/b list"},
      {"/v2/a/b/manifests/manifests", "docker.io a/b manifests"},
  });
}

TEST_F(RouteTest, UnknownPathsAreNotFound) {
  for (std::string target : {"/",
                             "",
                             "*",
                             "/favicon.ico",
                             "/v1/",
                             "/v1/search",
                             "/v3/",
                             "/V2/",
                             "/v2x/",
                             "v2/",
                             "x/v2/",
                             "x/v2/_catalog",
                             "/v2/alpine",
                             "/v2/a/b",
                             "/v2/manifests/3",
                             "/v2/tags/list",
                             "/v2/a/tags",
                             "/v2/a/tags/lists",
                             "/v2/a/tags/list/",
                             "/v2/a/blobs/uploads/",
                             "/v2/a/b/blobs/uploads/1234",
                             "/v2/a/b/signatures/x",
                             "/v2/_catalog/",
                             "/v2/a/_catalog",
                             "/metrics",
                             "/api/v2/",
                             "/v2/evil.example/"}) {
    EXPECT_EQ(outcome(target), "404 NAME_UNKNOWN") << target;
  }
}

TEST_F(RouteTest, PathIsDecodedOnce) {
  const std::string encoded = "sha256%3A" + kHex;
  check({
      {"/v2/a/b/blobs/" + encoded, "docker.io a/b " + kDigest},
      {"/v2/a/b/manifests/sha256%3a" + kHex, "docker.io a/b " + kDigest},
      {"/v2/a%2Fb/blobs/" + encoded, "docker.io a/b " + kDigest},
      {"/v2/docker-hub%2Fa%2fb/tags/list", "docker.io a/b"},
      {"/%76%32/a/b/manifests/%33", "docker.io a/b 3"},
      {"/v2/a%252Fb/tags/list", "400 NAME_INVALID"},
      {"/v2/a/b/manifests/a+b", "400 TAG_INVALID"},
      {"/v2/a+b/tags/list", "400 NAME_INVALID"},
  });
}

TEST_F(RouteTest, StrangePathsAreInvalid) {
  for (std::string target :
       {"/v2/../etc/passwd", "/v2/a/../b/manifests/3", "/v2/a/%2e%2e/manifests/3", "/v2/./a/manifests/3",
        "/v2/a/b/manifests/..", "/../v2/", "//v2/", "/v2//", "/v2//a/manifests/3", "/v2/a//b/manifests/3",
        "/v2/a%2F%2Fb/manifests/3", "/v2/docker-hub//manifests/3", "/docker-hub//v2/", "/v2/a%00b/manifests/3",
        "/v2/a%/manifests/3", "/v2/a%4/manifests/3", "/v2/a%zz/manifests/3", "/v2/a/b/manifests/3%"}) {
    EXPECT_EQ(outcome(target), "400 NAME_INVALID") << target;
  }
}

TEST_F(RouteTest, GrammarOfNamesTagsAndDigests) {
  const std::string long_name(256, 'a');
  check({
      {"/v2/A/b/manifests/3", "400 NAME_INVALID"},
      {"/v2/a/_b/manifests/3", "400 NAME_INVALID"},
      {"/v2/a/b%20c/manifests/3", "400 NAME_INVALID"},
      {"/v2/a/b%0d%0aX/manifests/3", "400 NAME_INVALID"},
      {"/v2/docker.io/A/manifests/3", "400 NAME_INVALID"},
      {"/v2/" + long_name + "/manifests/3", "400 NAME_INVALID"},
      {"/v2/a/b/manifests/", "400 TAG_INVALID"},
      {"/v2/a/b/manifests/-x", "400 TAG_INVALID"},
      {"/v2/a/b/manifests/" + std::string(129, 'x'), "400 TAG_INVALID"},
      {"/v2/a/b/manifests/" + std::string(128, 'x'), "docker.io a/b " + std::string(128, 'x')},
      {"/v2/a/b/manifests/sha256:abc", "400 DIGEST_INVALID"},
      {"/v2/a/b/manifests/sha256:baddigeststring", "400 DIGEST_INVALID"},
      {"/v2/a/b/manifests/sha384:" + std::string(96, 'a'), "400 DIGEST_INVALID"},
      {"/v2/a/b/manifests/sha512:" + std::string(128, 'a'), "docker.io a/b sha512:" + std::string(128, 'a')},
      {"/v2/a/b/manifests/sha256-" + kHex, "docker.io a/b sha256-" + kHex},
      {"/v2/a/b/blobs/", "400 DIGEST_INVALID"},
      {"/v2/a/b/blobs/uploads", "400 DIGEST_INVALID"},
      {"/v2/a/b/blobs/latest", "400 DIGEST_INVALID"},
      {"/v2/a/b/blobs/md5:d41d8cd98f00b204e9800998ecf8427e", "400 DIGEST_INVALID"},
      {"/v2/a/b/referrers/latest", "400 DIGEST_INVALID"},
      // The name comes first: nothing of a repository that cannot be has a digest.
      {"/v2/A/blobs/latest", "400 NAME_INVALID"},
      {"/v2/evil.example/a/blobs/latest", "404 NAME_UNKNOWN"},
  });
}

// The query.

TEST_F(RouteTest, PageSizeIsANumberOfAtMostAThousand) {
  struct Row {
    std::string query;
    std::size_t n;
  };
  for (const Row& row : {Row{"", 1000},
                         {"?n=", 1000},
                         {"?n=0", 0},
                         {"?n=1", 1},
                         {"?n=007", 7},
                         {"?n=1000", 1000},
                         {"?n=1001", 1000},
                         {"?n=99999999999999999999999999", 1000},
                         {"?n=5&n=6", 5},
                         {"?n=%35", 5}}) {
    for (std::string path :
         {"/v2/a/b/tags/list", "/v2/_catalog", "/v2/docker-hub/_catalog", "/docker-hub/v2/_catalog"}) {
      RouteResult route = get(path + row.query);
      ASSERT_TRUE(route) << path << row.query;
      EXPECT_EQ(route->n, row.n) << path << row.query;
    }
  }
  for (std::string query : {"?n=-1", "?n=a", "?n=1.5", "?n=+1", "?n=%201", "?n=0x10", "?n=1,000"}) {
    EXPECT_EQ(outcome("/v2/a/b/tags/list" + query), "400 PAGINATION_NUMBER_INVALID") << query;
    EXPECT_EQ(outcome("/v2/_catalog" + query), "400 PAGINATION_NUMBER_INVALID") << query;
    EXPECT_EQ(outcome("/v2/a/b/manifests/3" + query), "docker.io a/b 3") << query;
  }
}

TEST_F(RouteTest, LastAndArtifactTypeAreDecodedWithAPlusAsItIs) {
  EXPECT_EQ(get("/v2/a/b/tags/list?last=3.20")->last, "3.20");
  EXPECT_EQ(get("/v2/_catalog?n=2&last=library%2Falpine")->last, "library/alpine");
  for (std::string type : {"application/vnd.x.v1+json", "application%2Fvnd.x.v1%2Bjson"}) {
    EXPECT_EQ(get("/v2/a/b/referrers/" + kDigest + "?artifactType=" + type)->artifact_type,
              "application/vnd.x.v1+json");
  }
}

TEST_F(RouteTest, BrokenEscapesInTheQueryAreInvalid) {
  check({
      {"/v2/a/b/tags/list?last=%", "400 NAME_INVALID"},
      {"/v2/a/b/tags/list?last=%zz", "400 NAME_INVALID"},
      {"/v2/a/b/tags/list?last=%00", "400 NAME_INVALID"},
      {"/v2/a/b/tags/list?%", "400 NAME_INVALID"},
      {"/v2/a/b/tags/list?&&=&a==b&?", "docker.io a/b"},
  });
}

TEST_F(RouteTest, RemembersWhatLinksAreMadeOf) {
  RouteResult route = get("/docker-hub/v2/a%2Fb/tags/list?n=5&ns=docker.io");
  ASSERT_TRUE(route);
  EXPECT_EQ(route->link_path, "/docker-hub/v2/a%2Fb/tags/list");
  EXPECT_EQ(route->ns, "docker.io");
}

TEST_F(RouteTest, NamespaceIsRememberedAsSent) {
  EXPECT_EQ(get("/v2/a/b/tags/list?ns=registry-1.docker.io")->ns, "registry-1.docker.io");
  EXPECT_EQ(get("/v2/a/b/tags/list?ns=registry.local%3A5000")->ns, "registry.local:5000");
}

TEST_F(RouteTest, ErrorsRememberTheNamespaceToo) {
  for (std::string target : {"/v2/a/b/manifests/-?ns=ghcr.io", "/v2/A/manifests/3?ns=ghcr.io", "/nothing?ns=ghcr.io",
                             "/v2/%zz?ns=ghcr.io", "/v2/docker.io/a/b/manifests/3?ns=ghcr.io",
                             "/v2/_catalog?n=x&ns=ghcr.io", "/v2/?ns=ghcr.io&ns=docker.io", "/v2/?last=%&ns=ghcr.io"}) {
    RouteResult route = get(target);
    ASSERT_FALSE(route) << target;
    EXPECT_EQ(route.error().ns, "ghcr.io") << target;
    EXPECT_FALSE(route.error().message.empty()) << target;
  }
  EXPECT_EQ(get("/v2/?ns=evil.example").error().ns, "evil.example");
}

TEST_F(RouteTest, NamespaceThatNoHeaderCouldHoldIsNotRemembered) {
  for (std::string ns : {"a%0d%0aSet-Cookie:%20x", "a%20b", "%7f", "%c3%a4", "%00"}) {
    RouteResult route = get("/v2/?ns=" + ns);
    ASSERT_FALSE(route) << ns;
    EXPECT_EQ(route.error().code, ApiCode::NameInvalid) << ns;
    EXPECT_EQ(route.error().ns, std::nullopt) << ns;
  }
}

TEST_F(RouteTest, OnlyGetAndHeadAreSupported) {
  EXPECT_TRUE(parse_route(table_, "HEAD", "/v2/a/b/manifests/3", std::nullopt));
  for (std::string method : {"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "get", ""}) {
    for (std::string target :
         {"/v2/", "/v2/a/b/manifests/3", "/v2/a/b/blobs/uploads/", "/v2/A/blobs/x", "/docker-hub/v2/"}) {
      RouteResult route = parse_route(table_, method, target + "?ns=docker.io", std::nullopt);
      ASSERT_FALSE(route) << method << target;
      EXPECT_EQ(route.error().code, ApiCode::Unsupported) << method << target;
      EXPECT_EQ(route.error().ns, "docker.io") << method << target;
    }
  }
}

}  // namespace
}  // namespace entrepot::registry
