#include <gtest/gtest.h>

#include "unit/config/parsed.hpp"

namespace entrepot::config {
namespace {

std::string state_path(std::map<std::string, std::string> variables, bool is_root) {
  return built_in(environment_of(std::move(variables)), is_root).storage.path;
}

TEST(BuiltIn, KnowsSevenRegistries) {
  const Config config = built_in(environment_of({}), true);
  std::map<std::string, std::string> urls;
  for (const auto& [name, upstream] : config.upstreams) {
    EXPECT_EQ(upstream.name, name);
    ASSERT_EQ(upstream.urls.size(), 1u) << name;
    urls[name] = upstream.urls.front();
  }
  const std::map<std::string, std::string> expected{{"docker.io", "https://registry-1.docker.io"},
                                                    {"gcr.io", "https://gcr.io"},
                                                    {"ghcr.io", "https://ghcr.io"},
                                                    {"mcr.microsoft.com", "https://mcr.microsoft.com"},
                                                    {"public.ecr.aws", "https://public.ecr.aws"},
                                                    {"quay.io", "https://quay.io"},
                                                    {"registry.k8s.io", "https://registry.k8s.io"}};
  EXPECT_EQ(urls, expected);
  EXPECT_EQ(config.default_upstream, "docker.io");
  EXPECT_EQ(config.upstreams.at("docker.io").aliases,
            (std::vector<std::string>{"index.docker.io", "registry-1.docker.io"}));
}

TEST(BuiltIn, RootStoresInVarLib) {
  EXPECT_EQ(state_path({{"HOME", "/root"}, {"XDG_STATE_HOME", "/state"}}, true), "/var/lib/entrepot");
}

TEST(BuiltIn, AUserStoresInTheXdgStateDirectory) {
  EXPECT_EQ(state_path({{"HOME", "/home/u"}, {"XDG_STATE_HOME", "/state"}}, false), "/state/entrepot");
  EXPECT_EQ(state_path({{"HOME", "/home/u"}}, false), "/home/u/.local/state/entrepot");
}

TEST(BuiltIn, RelativeDirectoriesInTheEnvironmentAreIgnored) {
  EXPECT_EQ(state_path({{"HOME", "/home/u"}, {"XDG_STATE_HOME", "state"}}, false), "/home/u/.local/state/entrepot");
  EXPECT_EQ(state_path({{"HOME", "/home/u"}, {"XDG_STATE_HOME", ""}}, false), "/home/u/.local/state/entrepot");
  EXPECT_EQ(state_path({{"HOME", "u"}}, false), "/var/lib/entrepot");
}

TEST(BuiltIn, AUserWithoutAHomeStoresWhereRootDoes) { EXPECT_EQ(state_path({}, false), "/var/lib/entrepot"); }

}  // namespace
}  // namespace entrepot::config
