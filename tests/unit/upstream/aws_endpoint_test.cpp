#include "upstream/aws_endpoint.hpp"

#include <gtest/gtest.h>

namespace entrepot::upstream {
namespace {

std::string ecr(const std::string& host, const config::AwsVariables& variables = {}) {
  const auto parsed = config::parse_ecr_host(host);
  return parsed ? ecr_endpoint(*parsed, variables)->to_string() : "none";
}

std::string sts(const std::string& region, const config::AwsVariables& variables = {}) {
  return sts_endpoint(region, variables)->to_string();
}

TEST(AwsEndpoint, OfEcrIsThatOfTheRegistrysHost) {
  const std::string account = "123456789012.";
  EXPECT_EQ(ecr(account + "dkr.ecr.eu-west-1.amazonaws.com"), "https://api.ecr.eu-west-1.amazonaws.com/");
  EXPECT_EQ(ecr(account + "dkr.ecr-fips.us-east-1.amazonaws.com"), "https://ecr-fips.us-east-1.amazonaws.com/");
  EXPECT_EQ(ecr(account + "dkr.ecr.cn-north-1.amazonaws.com.cn"), "https://api.ecr.cn-north-1.amazonaws.com.cn/");
  EXPECT_EQ(ecr(account + "dkr-ecr.eu-west-1.on.aws"), "https://ecr.eu-west-1.api.aws/");
  EXPECT_EQ(ecr(account + "dkr-ecr-fips.us-west-2.on.aws"), "https://ecr-fips.us-west-2.api.aws/");
  EXPECT_EQ(ecr(account + "dkr-ecr.cn-north-1.on.amazonwebservices.com.cn"),
            "https://ecr.cn-north-1.api.amazonwebservices.com.cn/");
  EXPECT_EQ(ecr(account + "dkr.ecr.us-gov-west-1.amazonaws.com"), "https://api.ecr.us-gov-west-1.amazonaws.com/");
  EXPECT_EQ(ecr(account + "dkr.ecr.eusc-de-east-1.amazonaws.eu"), "https://api.ecr.eusc-de-east-1.amazonaws.eu/");
  EXPECT_EQ(ecr(account + "dkr.ecr.us-iso-east-1.c2s.ic.gov"), "https://api.ecr.us-iso-east-1.c2s.ic.gov/");
  EXPECT_EQ(ecr("public.ecr.aws"), "https://api.ecr-public.us-east-1.amazonaws.com/");
  EXPECT_EQ(ecr("ecr-public.aws.com"), "https://ecr-public.us-east-1.api.aws/");
}

TEST(AwsEndpoint, OfStsIsInTheRegion) {
  EXPECT_EQ(sts("eu-west-1"), "https://sts.eu-west-1.amazonaws.com/");
  EXPECT_EQ(sts("cn-north-1"), "https://sts.cn-north-1.amazonaws.com.cn/");
  EXPECT_EQ(sts("us-east-1", {{"AWS_USE_FIPS_ENDPOINT", "true"}}), "https://sts-fips.us-east-1.amazonaws.com/");
  EXPECT_EQ(sts("us-gov-west-1", {{"AWS_USE_FIPS_ENDPOINT", "true"}}), "https://sts.us-gov-west-1.amazonaws.com/");
}

TEST(AwsEndpoint, TheEnvironmentsIsTakenAndTheServicesOwnFirst) {
  const std::string host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
  config::AwsVariables variables{{"AWS_ENDPOINT_URL", "http://all"}};
  EXPECT_EQ(ecr(host, variables), "http://all/");
  EXPECT_EQ(sts("eu-west-1", variables), "http://all/");
  variables["AWS_ENDPOINT_URL_ECR"] = "http://ecr:1/path";
  variables["AWS_ENDPOINT_URL_STS"] = "http://sts";
  EXPECT_EQ(ecr(host, variables), "http://ecr:1/path");
  EXPECT_EQ(sts("eu-west-1", variables), "http://sts/");
  EXPECT_EQ(ecr("public.ecr.aws", variables), "http://all/");
  variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true";
  EXPECT_EQ(ecr(host, variables), "https://api.ecr.eu-west-1.amazonaws.com/");
}

TEST(AwsEndpoint, FipsIsAskedForByTheHostOrTheEnvironment) {
  EXPECT_EQ(ecr("123456789012.dkr.ecr.us-east-1.amazonaws.com", {{"AWS_USE_FIPS_ENDPOINT", "true"}}),
            "https://ecr-fips.us-east-1.amazonaws.com/");
}

}  // namespace
}  // namespace entrepot::upstream
