// Tags, referrers and the catalog, page by page.
#include "functional/daemon_test.hpp"

namespace entrepot::test {
namespace {

class ListsTest : public DaemonTest {
 protected:
  ListsTest() {
    for (const char* tag : {"a", "b", "c", "d", "e"}) {
      hub_.push("library/app", tag, image_);
      ghcr_.push("team/app", tag, image_);
    }
  }

  // The target of the link to the next page, "" if there is none.
  static std::string next_of(const Reply& reply) {
    std::string link = reply.header("Link");
    std::size_t end = link.find(">; rel=\"next\"");
    return link.starts_with("<") && end != std::string::npos ? link.substr(1, end - 1) : "";
  }
  std::vector<std::string> pages_from(std::string target) {
    std::vector<std::string> bodies;
    while (!target.empty() && bodies.size() < 20) {
      Reply reply = get(target);
      EXPECT_EQ(reply.status, 200) << target;
      bodies.push_back(reply.body);
      target = next_of(reply);
      EXPECT_TRUE(target.empty() || target.starts_with("/")) << "a Link has to be relative: " << target;
    }
    return bodies;
  }
  static std::string tags(const std::string& name, const std::string& list) {
    return R"({"name":")" + name + R"(","tags":[)" + list + "]}";
  }
  static std::string repositories(const std::string& list) { return R"({"repositories":[)" + list + "]}"; }

  Image image_ = make_image({});
};

TEST_F(ListsTest, TagsAreTheUpstreams) {
  start();
  Reply reply = get("/v2/library/app/tags/list");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("Content-Type"), "application/json");
  EXPECT_EQ(reply.body, tags("library/app", R"("a","b","c","d","e")"));
  EXPECT_FALSE(reply.has("Link"));
}

TEST_F(ListsTest, TagsArePagedWithLinksThatKeepPrefixAndNamespace) {
  start();
  for (const char* base : {"/v2/library/app/tags/list?n=2", "/v2/docker.io/library/app/tags/list?n=2",
                           "/docker.io/v2/library/app/tags/list?n=2", "/v2/ghcr.io/team/app/tags/list?n=2",
                           "/v2/team/app/tags/list?ns=ghcr.io&n=2"}) {
    std::vector<std::string> pages = pages_from(base);
    ASSERT_EQ(pages.size(), 3u) << base;
    EXPECT_NE(pages[0].find(R"("tags":["a","b"])"), std::string::npos) << pages[0];
    EXPECT_NE(pages[1].find(R"("tags":["c","d"])"), std::string::npos) << pages[1];
    EXPECT_NE(pages[2].find(R"("tags":["e"])"), std::string::npos) << pages[2];
  }
}

TEST_F(ListsTest, TagsFollowLast) {
  start();
  EXPECT_EQ(get("/v2/library/app/tags/list?last=c").body, tags("library/app", R"("d","e")"));
  Reply none = get("/v2/library/app/tags/list?n=0");
  EXPECT_EQ(none.body, tags("library/app", ""));
  EXPECT_FALSE(none.has("Link"));
}

TEST_F(ListsTest, AnUpstreamThatPagesByFewerLosesNoTag) {
  hub_.page_tags_by(2);
  start();
  std::string all;
  for (const std::string& page : pages_from("/v2/library/app/tags/list")) all += page;
  for (const char* tag : {"\"a\"", "\"b\"", "\"c\"", "\"d\"", "\"e\""})
    EXPECT_NE(all.find(tag), std::string::npos) << tag;
}

TEST_F(ListsTest, AnUpstreamThatNamesItselfOtherwiseInItsLinksLosesNoTag) {
  const std::string digest = image_.manifest.digest;
  const std::string first = descriptor_json(make_image({}, 11).manifest);
  const std::string second = descriptor_json(make_image({}, 12).manifest);
  hub_.set_referrers("library/app", digest, {first, second});
  auto link = [](const std::string& target) {
    return HeaderList{{"Link", "<http://internal.example:8080" + target + ">; rel=\"next\""}};
  };
  const std::string tags_path = "/v2/library/app/tags/list";
  hub_.add({.path = tags_path,
            .query = "n=2",
            .answer = CannedAnswer{.headers = link(tags_path + "?n=2&last=b"), .body = R"({"tags":["a","b"]})"}});
  const std::string referrers_path = "/v2/library/app/referrers/" + digest;
  const std::string page = R"({"schemaVersion":2,"manifests":[)" + first + "]}";
  hub_.add({.path = referrers_path,
            .query = "",
            .answer = CannedAnswer{.headers = link(referrers_path + "?page=2"), .body = page}});
  start();
  std::vector<std::string> pages = pages_from(tags_path + "?n=2");
  ASSERT_EQ(pages.size(), 3u);
  EXPECT_EQ(pages[1], tags("library/app", R"("c","d")"));
  EXPECT_EQ(pages_from(referrers_path).size(), 2u);
  EXPECT_EQ(hub_.log().requests("GET", referrers_path).back().query, "page=2");
}

TEST_F(ListsTest, TagsComeFromTheCacheWhileTheUpstreamIsDown) {
  start();
  for (const char* tag : {"d", "b"}) get(manifest_path("library/app", tag));
  hub_.stop();
  Reply stale = get("/v2/library/app/tags/list");
  EXPECT_EQ(stale.body, tags("library/app", R"("b","d")"));
  EXPECT_EQ(stale.header("Cache-Status"), kStale);
  EXPECT_EQ(stale.header("Warning"), kStaleWarning);
  EXPECT_EQ(pages_from("/v2/library/app/tags/list?n=1").size(), 2u);
}

TEST_F(ListsTest, ReferrersAreTheUpstreams) {
  std::vector<std::string> descriptors;
  for (std::uint64_t i = 0; i < 3; ++i)
    descriptors.push_back(descriptor_json(make_image({}, 10 + i).manifest,
                                          R"("artifactType":"application/x-)" + std::to_string(i) + '"'));
  hub_.set_referrers("library/app", image_.manifest.digest, descriptors);
  hub_.page_referrers_by(2);
  start();
  std::string base = "/v2/library/app/referrers/" + image_.manifest.digest;
  EXPECT_EQ(get(base).header("Content-Type"), "application/vnd.oci.image.index.v1+json");
  std::string all;
  for (const std::string& page : pages_from(base)) all += page;
  for (const std::string& descriptor : descriptors)
    EXPECT_NE(all.find(descriptor.substr(descriptor.find("sha256:"), 71)), std::string::npos);
}

TEST_F(ListsTest, ReferrersAreFilteredByWhoeverCan) {
  std::string wanted = descriptor_json(make_image({}, 11).manifest, R"("artifactType":"application/x-sbom")");
  std::string other = descriptor_json(make_image({}, 12).manifest, R"("artifactType":"application/x-signature")");
  hub_.set_referrers("library/app", image_.manifest.digest, {wanted, other});
  start();
  std::string target = "/v2/library/app/referrers/" + image_.manifest.digest + "?artifactType=application/x-sbom";
  Reply filtered = get(target);
  EXPECT_EQ(filtered.header("OCI-Filters-Applied"), "artifactType");
  EXPECT_NE(filtered.body.find("x-sbom"), std::string::npos);
  EXPECT_EQ(filtered.body.find("x-signature"), std::string::npos);
  hub_.filter_referrers(false);
  Reply unfiltered = get(target);
  EXPECT_EQ(unfiltered.body.find("x-signature") == std::string::npos, unfiltered.has("OCI-Filters-Applied"));
}

TEST_F(ListsTest, NoReferrersIsAnEmptyIndex) {
  start();
  Reply reply = get("/v2/library/app/referrers/" + image_.manifest.digest);
  EXPECT_EQ(reply.status, 200);
  EXPECT_NE(reply.body.find(R"("manifests":[])"), std::string::npos) << reply.body;
}

TEST_F(ListsTest, TagsAreSorted) {
  hub_.add({.path = "*/tags/list", .answer = CannedAnswer{.body = R"({"name":"library/app","tags":["b","c","a"]})"}});
  start();
  EXPECT_EQ(get("/v2/library/app/tags/list").body, R"({"name":"library/app","tags":["a","b","c"]})");
}

TEST_F(ListsTest, AnUpstreamWithoutReferrersIs404) {
  hub_.add({.path = "*/referrers/*", .answer = CannedAnswer{404}});
  start();
  Reply reply = get("/v2/library/app/referrers/" + image_.manifest.digest);
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(reply.body.find("NAME_UNKNOWN"), std::string::npos) << reply.body;
}

class CatalogTest : public ListsTest {
 protected:
  void pull_some() {
    hub_.push("team/tool", "1", image_);
    start();
    for (const char* path : {"/v2/library/app/manifests/a", "/v2/team/tool/manifests/1",
                             "/v2/ghcr.io/team/app/manifests/a", "/v2/library/none/manifests/1"})
      get(path);
    // Manifests are stored behind the answer.
    std::string all = repositories(R"("ghcr.io/team/app","library/app","team/tool")");
    EXPECT_EQ(get_until("/v2/_catalog", all).body, all);
  }
};

TEST_F(CatalogTest, ListsWhatCanBePulledAsItIsListed) {
  pull_some();
  hub_.stop();
  ghcr_.stop();
  for (const char* path : {"/v2/ghcr.io/team/app/manifests/a", "/v2/library/app/manifests/a"})
    EXPECT_EQ(get(path).status, 200) << path;
}

TEST_F(CatalogTest, ListsOneUpstreamWhereOneIsNamed) {
  pull_some();
  for (const char* path : {"/v2/_catalog?ns=ghcr.io", "/ghcr.io/v2/_catalog", "/v2/ghcr.io/_catalog"})
    EXPECT_EQ(get(path).body, repositories(R"("team/app")")) << path;
}

TEST_F(CatalogTest, IsPaged) {
  pull_some();
  std::vector<std::string> expected{repositories(R"("ghcr.io/team/app","library/app")"),
                                    repositories(R"("team/tool")")};
  EXPECT_EQ(pages_from("/v2/_catalog?n=2"), expected);
  EXPECT_EQ(pages_from("/v2/_catalog?ns=docker.io&n=1").size(), 2u);
  EXPECT_EQ(get("/v2/_catalog?n=0").body, repositories(""));
  EXPECT_EQ(get("/v2/_catalog?n=100000").status, 200);
}

TEST_F(CatalogTest, ANameThatLooksLikeAnotherUpstreamsIsListedWithItsOwn) {
  ghcr_.push("docker.io/library/app", "1", image_);
  hub_.push("foo.bar/baz", "1", image_);
  start();
  EXPECT_EQ(get("/v2/ghcr.io/docker.io/library/app/manifests/1").status, 200);
  EXPECT_EQ(get("/v2/docker.io/foo.bar/baz/manifests/1").status, 200);
  std::string all = repositories(R"("docker.io/foo.bar/baz","ghcr.io/docker.io/library/app")");
  EXPECT_EQ(get_until("/v2/_catalog", all).body, all);
  EXPECT_EQ(get("/v2/_catalog?ns=ghcr.io").body, repositories(R"("ghcr.io/docker.io/library/app")"));
  EXPECT_EQ(get("/v2/ghcr.io/docker.io/library/app/manifests/1?ns=ghcr.io").status, 200);
}

TEST_F(CatalogTest, IsEmptyAtFirst) {
  start();
  EXPECT_EQ(get("/v2/_catalog").body, repositories(""));
  EXPECT_EQ(hub_.log().count("", "*"), 0u);
}

}  // namespace
}  // namespace entrepot::test
