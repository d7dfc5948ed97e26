#include "entrepot/config/ecr_host.hpp"

#include <gtest/gtest.h>

namespace entrepot::config {
namespace {

TEST(EcrHost, SaysRegionAndKind) {
  const std::string account = "123456789012.";
  EXPECT_EQ(parse_ecr_host(account + "dkr.ecr.eu-west-1.amazonaws.com"), (EcrHost{.region = "eu-west-1"}));
  EXPECT_EQ(parse_ecr_host(account + "dkr.ecr-fips.us-east-1.amazonaws.com"),
            (EcrHost{.region = "us-east-1", .fips = true}));
  EXPECT_EQ(parse_ecr_host(account + "dkr.ecr.cn-north-1.amazonaws.com.cn"), (EcrHost{.region = "cn-north-1"}));
  EXPECT_EQ(parse_ecr_host(account + "dkr-ecr.eu-west-1.on.aws"), (EcrHost{.region = "eu-west-1", .dual_stack = true}));
  EXPECT_EQ(parse_ecr_host(account + "dkr-ecr-fips.us-west-2.on.aws"),
            (EcrHost{.region = "us-west-2", .fips = true, .dual_stack = true}));
  EXPECT_EQ(parse_ecr_host("public.ecr.aws"), (EcrHost{.region = "us-east-1", .is_public = true}));
}

TEST(EcrHost, OfAnotherRegistryIsNone) {
  for (const char* host :
       {"", "docker.io", "12345.dkr.ecr.eu-west-1.amazonaws.com", "dkr.ecr.eu-west-1.amazonaws.com",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example", "123456789012.dkr.ecr.evil.example/.amazonaws.com",
        "123456789012.dkr.ecr..amazonaws.com", "x123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        "public.ecr.aws.example", "123456789012.dkr.ecr.eu-west-1.amazonawsxcom"}) {
    EXPECT_EQ(parse_ecr_host(host), std::nullopt) << host;
  }
}

TEST(EcrHost, OfAnUpstreamIsThatOfItsFirstUrlThatHasOneElseOfItsName) {
  Upstream upstream;
  upstream.name = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
  EXPECT_EQ(ecr_host_of(upstream)->region, "eu-west-1");
  upstream.urls = {"http://127.0.0.1:5000/v"};
  EXPECT_EQ(ecr_host_of(upstream)->region, "eu-west-1");
  upstream.urls.push_back("https://123456789012.DKR.ecr.us-east-2.amazonaws.com:443/path");
  EXPECT_EQ(ecr_host_of(upstream)->region, "us-east-2");
  upstream.name = "ecr.example.com:5000";
  upstream.urls = {"https://ecr.example.com"};
  EXPECT_EQ(ecr_host_of(upstream), std::nullopt);
}

}  // namespace
}  // namespace entrepot::config
