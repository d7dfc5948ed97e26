#include "upstream/aws_profile.hpp"

#include <gtest/gtest.h>

namespace entrepot::upstream {
namespace {

TEST(AwsProfiles, AreReadAsAwsToolsWriteThem) {
  const AwsProfiles profiles = parse_aws_profiles("", R"(
# a comment
; another
[default]
Region=eu-west-1
[ profile  ci runner ]   # the name has a blank
aws_access_key_id = AKID   ; which is no secret
aws_secret_access_key = a#b;c/d=
s3 =
  max_concurrent_requests = 20
  region = not-of-the-profile
output
[sso-session corp]
region = elsewhere
[ci]
region = no-profile
)");
  EXPECT_EQ(
      profiles,
      (AwsProfiles{{"default", {{"region", "eu-west-1"}}},
                   {"ci runner", {{"aws_access_key_id", "AKID"}, {"aws_secret_access_key", "a#b;c/d="}, {"s3", ""}}}}));
}

TEST(AwsProfiles, MayBeIndented) {
  const AwsProfiles profiles = parse_aws_profiles("", R"(
  [default]
  output =
  aws_access_key_id = AKID
    aws_secret_access_key = key
  s3 =
    region = of-s3

    # a comment
    endpoint_url = of-s3
[profile ci]
	region = eu-west-1
)");
  EXPECT_EQ(
      profiles,
      (AwsProfiles{
          {"default", {{"aws_access_key_id", "AKID"}, {"aws_secret_access_key", "key"}, {"output", ""}, {"s3", ""}}},
          {"ci", {{"region", "eu-west-1"}}}}));
}

TEST(AwsProfiles, TheCredentialsFileHasBareNamesAndCountsFirst) {
  const AwsProfiles profiles = parse_aws_profiles("[ci]\r\naws_access_key_id=one\r\n[other]\nregion=r\n",
                                                  "[profile ci]\naws_access_key_id=two\nregion=eu-west-1\n");
  EXPECT_EQ(profiles, (AwsProfiles{{"ci", {{"aws_access_key_id", "one"}, {"region", "eu-west-1"}}},
                                   {"other", {{"region", "r"}}}}));
}

TEST(AwsProfiles, TextThatIsNoFileOfProfilesHasNone) {
  for (const char* text : {"", "key = value", "[", "[]", "[profile]\na=b", "{\"a\": 1}", "=\n=\n[profile ]"}) {
    EXPECT_TRUE(parse_aws_profiles("", text).empty()) << text;
  }
}

TEST(AwsFiles, AreAtHomeUnlessTheEnvironmentSaysWhere) {
  const AwsFiles home = aws_files({{"HOME", "/home/me"}});
  EXPECT_EQ(home.credentials, "/home/me/.aws/credentials");
  EXPECT_EQ(home.config, "/home/me/.aws/config");
  const AwsFiles said =
      aws_files({{"HOME", "/home/me"}, {"AWS_SHARED_CREDENTIALS_FILE", "/c"}, {"AWS_CONFIG_FILE", "/d"}});
  EXPECT_EQ(said.credentials, "/c");
  EXPECT_EQ(said.config, "/d");
  EXPECT_TRUE(aws_files({}).config.empty());
}

}  // namespace
}  // namespace entrepot::upstream
