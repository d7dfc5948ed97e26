#include "entrepot/base/wildcard.hpp"

#include <gtest/gtest.h>

namespace entrepot {
namespace {

using Parts = std::vector<std::string>;

TEST(Wildcard, SaysWhatItsStarsStandFor) {
  EXPECT_EQ(match_wildcard("*.dkr.ecr.*.amazonaws.com", "123456789012.dkr.ecr.eu-west-1.amazonaws.com"),
            (Parts{"123456789012", "eu-west-1"}));
  EXPECT_EQ(match_wildcard("*-docker.pkg.dev", "europe-west3-docker.pkg.dev"), Parts{"europe-west3"});
  EXPECT_EQ(match_wildcard("r-*-x.example.com:5000", "r-1-x.example.com:5000"), Parts{"1"});
  EXPECT_EQ(match_wildcard("ghcr.io", "ghcr.io"), Parts{});
}

TEST(Wildcard, AStarIsNeverADotNorNothing) {
  for (const char* name : {"a.b.example.com", ".example.com", "example.com", "a.example.com.", "a.example.com:1",
                           "a_b.example.com", "A.example.com", "a:1.example.com", "*.example.com", ""}) {
    EXPECT_EQ(match_wildcard("*.example.com", name), std::nullopt) << name;
  }
  EXPECT_EQ(match_wildcard("*-docker.pkg.dev", "-docker.pkg.dev"), std::nullopt);
  std::string name = ".example.com";
  name.insert(0, 63, 'a');
  EXPECT_NE(match_wildcard("*.example.com", name), std::nullopt);
  name.insert(0, 1, 'a');
  EXPECT_EQ(match_wildcard("*.example.com", name), std::nullopt);
  EXPECT_EQ(match_wildcard("a*a.example.com", "a.example.com"), std::nullopt);
}

}  // namespace
}  // namespace entrepot
