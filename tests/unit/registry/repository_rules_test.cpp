#include "registry/repository_rules.hpp"

#include <gtest/gtest.h>

namespace entrepot::registry {
namespace {

RepositoryRules rules(std::vector<config::Rewrite> rewrite, std::vector<std::string> allow = {},
                      std::vector<std::string> deny = {}) {
  config::Upstream upstream;
  upstream.rewrite = std::move(rewrite);
  upstream.allow = std::move(allow);
  upstream.deny = std::move(deny);
  return RepositoryRules(upstream);
}

TEST(RepositoryRules, WithoutAnyAllIsAsItIs) {
  const RepositoryRules none = rules({});
  EXPECT_EQ(none.rename("library/alpine"), "library/alpine");
  EXPECT_TRUE(none.admit("library/alpine"));
}

TEST(RepositoryRules, TheFirstRewriteThatMatchesTheWholeNameCounts) {
  const RepositoryRules moved = rules({{"old-org/(.*)", "new-org/$1"}, {"(.*)/(app)", "$2/of-$1"}, {"o.*", "x"}});
  EXPECT_EQ(moved.rename("old-org/app"), "new-org/app");
  EXPECT_EQ(moved.rename("old-org/deep/er"), "new-org/deep/er");
  EXPECT_EQ(moved.rename("team/app"), "app/of-team");
  EXPECT_EQ(moved.rename("other"), "x");
  EXPECT_EQ(moved.rename("very-old-org/x"), "very-old-org/x");
  EXPECT_EQ(moved.rename("new-org/x"), "new-org/x");
}

TEST(RepositoryRules, AStarStandsForAnyCharacters) {
  const RepositoryRules some = rules({}, {"library/*", "*/tools", "exact"});
  for (const char* name : {"library/alpine", "library/a/b", "team/tools", "a/b/tools", "exact"}) {
    EXPECT_TRUE(some.admit(name)) << name;
  }
  for (const char* name : {"library", "team/tool", "tools", "exact/more", "inexact", "my-library/x"}) {
    EXPECT_FALSE(some.admit(name)) << name;
  }
}

TEST(RepositoryRules, WhatIsDeniedIsNotAdmittedThoughItIsAllowed) {
  const RepositoryRules some = rules({}, {"library/*"}, {"*/secret", "library/x*"});
  EXPECT_TRUE(some.admit("library/alpine"));
  EXPECT_FALSE(some.admit("library/secret"));
  EXPECT_FALSE(some.admit("library/xyz"));
}

}  // namespace
}  // namespace entrepot::registry
