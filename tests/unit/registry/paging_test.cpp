#include "registry/paging.hpp"

#include <gtest/gtest.h>

namespace entrepot::registry {
namespace {

const std::vector<std::string> kTags = {"1", "10", "2", "b"};

std::string entries(const Page& page) {
  std::string text;
  for (const std::string& entry : page.entries) text += entry + ' ';
  return text;
}

TEST(Page, HoldsWhatFollowsLast) {
  struct Row {
    std::size_t n;
    const char* last;
    const char* entries;
    bool more;
  };
  const Row rows[] = {
      {1000, "", "1 10 2 b ", false},
      {4, "", "1 10 2 b ", false},
      {3, "", "1 10 2 ", true},
      {1, "1", "10 ", true},
      {2, "10", "2 b ", false},
      {2, "11", "2 b ", false},  // need not be an entry
      {2, "b", "", false},
      {2, "z", "", false},
      {2, "0", "1 10 ", true},
      {0, "", "", false},  // a link to the same page again would never end
  };
  for (const Row& row : rows) {
    Page page = cut_page(kTags, row.n, row.last);
    EXPECT_EQ(entries(page), row.entries) << row.n << ' ' << row.last;
    EXPECT_EQ(page.more, row.more) << row.n << ' ' << row.last;
  }
  EXPECT_FALSE(cut_page({}, 10, "").more);
}

TEST(Page, PagesTogetherAreTheWholeList) {
  for (std::size_t n = 1; n <= kTags.size() + 1; ++n) {
    std::vector<std::string> all;
    std::string last;
    Page page;
    do {
      page = cut_page(kTags, n, last);
      all.insert(all.end(), page.entries.begin(), page.entries.end());
      if (!all.empty()) last = all.back();
    } while (page.more);
    EXPECT_EQ(all, kTags) << n;
  }
}

TEST(NextLink, KeepsPathAndNamespace) {
  Route route;
  route.endpoint = Endpoint::Tags;
  route.n = 5;
  route.link_path = "/docker-hub/v2/library/alpine/tags/list";
  EXPECT_EQ(next_link(route, "3.20"), R"(</docker-hub/v2/library/alpine/tags/list?n=5&last=3.20>; rel="next")");
  route.ns = "registry.local:5000";
  EXPECT_EQ(next_link(route, "3.20"),
            R"(</docker-hub/v2/library/alpine/tags/list?n=5&last=3.20&ns=registry.local%3A5000>; rel="next")");
}

TEST(NextLink, OfTheCatalogNamesARepository) {
  Route route;
  route.endpoint = Endpoint::Catalog;
  route.link_path = "/v2/_catalog";
  EXPECT_EQ(next_link(route, "ghcr.io/a/b"), R"(</v2/_catalog?n=1000&last=ghcr.io%2Fa%2Fb>; rel="next")");
}

TEST(NextLink, OfReferrersKeepsTheFilterAndHasNoSize) {
  Route route;
  route.endpoint = Endpoint::Referrers;
  route.link_path = "/v2/a/b/referrers/sha256%3Aab";
  EXPECT_EQ(next_link(route, "x&y=\">"), R"(</v2/a/b/referrers/sha256%3Aab?last=x%26y%3D%22%3E>; rel="next")");
  route.artifact_type = "application/vnd.x+json";
  EXPECT_EQ(next_link(route, "x"),
            R"(</v2/a/b/referrers/sha256%3Aab?artifactType=application%2Fvnd.x%2Bjson&last=x>; rel="next")");
}

TEST(NextLink, LeadsBackToTheSameRouteFurtherOn) {
  config::Config config;
  config.upstreams["docker.io"].name = "docker.io";
  RoutingTable table(config);
  RouteResult first = parse_route(table, "GET", "/v2/docker.io/a%2Fb/tags/list?n=7&ns=docker.io", std::nullopt);
  ASSERT_TRUE(first) << first.error().message;

  std::string link = next_link(*first, "3.20");
  RouteResult second = parse_route(table, "GET", link.substr(1, link.find('>') - 1), std::nullopt);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->endpoint, first->endpoint);
  EXPECT_EQ(second->repository, first->repository);
  EXPECT_EQ(second->ns, first->ns);
  EXPECT_EQ(second->n, 7u);
  EXPECT_EQ(second->last, "3.20");
}

TEST(ListBodies, AreTheSpecsForm) {
  EXPECT_EQ(tags_body("library/alpine", std::vector<std::string>{"3", "4"}),
            R"({"name":"library/alpine","tags":["3","4"]})");
  EXPECT_EQ(tags_body("a", {}), R"({"name":"a","tags":[]})");
  EXPECT_EQ(catalog_body(std::vector<std::string>{"a/b"}), R"({"repositories":["a/b"]})");
  EXPECT_EQ(catalog_body({}), R"({"repositories":[]})");
}

}  // namespace
}  // namespace entrepot::registry
