#include "upstream/quota.hpp"

#include <gtest/gtest.h>

namespace entrepot::upstream {
namespace {

TEST(Quota, IsWhatDockerHubSays) {
  EXPECT_EQ(parse_quota("100;w=21600", "76;w=21600"), (Quota{100, 76}));
  EXPECT_EQ(parse_quota("200", "0"), (Quota{200, 0}));
}

TEST(Quota, IsNotKnownUnlessBothAreNumbers) {
  EXPECT_FALSE(parse_quota("", ""));
  EXPECT_FALSE(parse_quota("100;w=21600", ""));
  EXPECT_FALSE(parse_quota("many", "76"));
  EXPECT_FALSE(parse_quota("-1", "76"));
  EXPECT_FALSE(parse_quota("99999999999999999999999", "76"));
}

TEST(Quota, IsLowWithATenthLeft) {
  EXPECT_TRUE((Quota{100, 10}).is_low());
  EXPECT_FALSE((Quota{100, 11}).is_low());
}

}  // namespace
}  // namespace entrepot::upstream
