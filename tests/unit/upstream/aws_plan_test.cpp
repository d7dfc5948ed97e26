#include "upstream/aws_plan.hpp"

#include <gtest/gtest.h>

namespace entrepot::upstream {
namespace {

using config::AwsVariables;
using config::EcrCredentials;

// A plan in a line: where the keys come from, and the roles.
std::string text_of(const Result<AwsPlan>& plan) {
  if (!plan) return plan.error().message;
  std::string text = plan->source + ": ";
  if (const auto* keys = std::get_if<AwsKeys>(&plan->origin)) {
    text += keys->access_key_id + "/" + keys->secret_access_key + "/" + keys->session_token;
  } else if (const auto* identity = std::get_if<AwsWebIdentity>(&plan->origin)) {
    text += "web identity " + identity->token_file + " as " + identity->role_arn + " by " + identity->session_name;
  } else if (const auto* process = std::get_if<AwsProcess>(&plan->origin)) {
    text += "run " + process->command;
  } else {
    text += std::holds_alternative<AwsContainer>(plan->origin) ? "container" : "instance";
  }
  for (const AwsRole& role : plan->roles) {
    text += " -> " + role.arn + " by " + role.session_name;
    if (!role.external_id.empty()) text += " for " + role.external_id;
    if (!role.duration.empty()) text += " " + role.duration + "s";
  }
  return text;
}

std::string plan(AwsVariables variables, const std::string& config_file = "", const std::string& profile = "",
                 const std::string& role = "") {
  const EcrCredentials config{.region = "", .profile = profile, .role_arn = role, .environment = std::move(variables)};
  return text_of(plan_aws(config, parse_aws_profiles("", config_file)));
}

const AwsVariables kKeysSet{
    {"AWS_ACCESS_KEY_ID", "id"}, {"AWS_SECRET_ACCESS_KEY", "key"}, {"AWS_SESSION_TOKEN", "token"}};
const AwsVariables kIdentity{{"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"}, {"AWS_ROLE_ARN", "arn:r"}};
const AwsVariables kContainer{{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"}};
const std::string kDefault = "[default]\naws_access_key_id = file-id\naws_secret_access_key = file-key\n";

AwsVariables all(std::initializer_list<AwsVariables> parts) {
  AwsVariables together;
  for (const AwsVariables& part : parts) together.insert(part.begin(), part.end());
  return together;
}

TEST(AwsPlan, TheChainsOrderIsThatOfAwsOwnTools) {
  EXPECT_EQ(plan(all({kKeysSet, kIdentity, kContainer}), kDefault), "the environment: id/key/token");
  EXPECT_EQ(plan(all({kIdentity, kContainer}), kDefault), "the environment: web identity /token as arn:r by entrepot");
  EXPECT_EQ(plan(kContainer, kDefault), "the profile default: file-id/file-key/");
  EXPECT_EQ(plan(kContainer), "the container's endpoint: container");
  EXPECT_TRUE(plan({}).ends_with(": instance")) << plan({});
  EXPECT_EQ(plan({{"AWS_EC2_METADATA_DISABLED", "true"}}).find("AWS credentials: none found"), 0u);
}

TEST(AwsPlan, AProfileOfTheConfigurationComesBeforeTheEnvironmentAndOneOfTheEnvironmentDoesNot) {
  const std::string file = kDefault + "[profile ci]\naws_access_key_id=ci-id\naws_secret_access_key=ci-key\n";
  EXPECT_EQ(plan(kKeysSet, file, "ci"), "the profile ci: ci-id/ci-key/");
  AwsVariables named{{"AWS_PROFILE", "ci"}};
  EXPECT_EQ(plan(named, file), "the profile ci: ci-id/ci-key/");
  EXPECT_EQ(plan(all({named, kKeysSet}), file), "the environment: id/key/token");
}

TEST(AwsPlan, AProfileThatIsNamedHasToBeThere) {
  EXPECT_EQ(plan({}, kDefault, "nope"), "AWS credentials: there is no profile nope in AWS's files");
  EXPECT_EQ(plan({{"AWS_PROFILE", "nope"}}, kDefault), "AWS credentials: there is no profile nope in AWS's files");
}

TEST(AwsPlan, ARoleOfTheConfigurationIsAssumedLast) {
  EXPECT_EQ(plan(kKeysSet, "", "", "arn:pull"), "the environment: id/key/token -> arn:pull by entrepot");
  EXPECT_EQ(plan(kIdentity, "", "", "arn:pull"),
            "the environment: web identity /token as arn:r by entrepot -> arn:pull by entrepot");
}

TEST(AwsPlan, AWebIdentityNeedsItsRole) {
  EXPECT_EQ(plan({{"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"}}),
            "AWS credentials: AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN is not");
  EXPECT_EQ(plan(all({kIdentity, {{"AWS_ROLE_SESSION_NAME", "me"}}})),
            "the environment: web identity /token as arn:r by me");
}

TEST(AwsPlan, AProfileSaysWhereItsKeysComeFrom) {
  const std::string file = kDefault + R"(
[profile role]
role_arn = arn:role
source_profile = default
role_session_name = me
external_id = 42
duration_seconds = 900
[profile chain]
role_arn = arn:chain
source_profile = role
[profile own]
role_arn = arn:own
source_profile = own
aws_access_key_id = own-id
aws_secret_access_key = own-key
[profile web]
role_arn = arn:web
web_identity_token_file = /token
[profile program]
credential_process = /opt/keys --for "me"
[profile env]
role_arn = arn:env
credential_source = Environment
[profile ec2]
role_arn = arn:ec2
credential_source = Ec2InstanceMetadata
[profile ecs]
role_arn = arn:ecs
credential_source = EcsContainer
[profile bare]
region = eu-west-1
)";
  EXPECT_EQ(plan({}, file, "role"), "the profile default: file-id/file-key/ -> arn:role by me for 42 900s");
  EXPECT_EQ(plan({}, file, "chain"),
            "the profile default: file-id/file-key/ -> arn:role by me for 42 900s -> arn:chain by entrepot");
  EXPECT_EQ(plan({}, file, "own"), "the profile own: own-id/own-key/ -> arn:own by entrepot");
  EXPECT_EQ(plan({}, file, "web"), "the profile web: web identity /token as arn:web by entrepot");
  EXPECT_EQ(plan({}, file, "program"), "the profile program: run /opt/keys --for \"me\"");
  EXPECT_EQ(plan(kKeysSet, file, "env"), "the environment: id/key/token -> arn:env by entrepot");
  EXPECT_EQ(plan({}, file, "ec2"), "the instance's metadata: instance -> arn:ec2 by entrepot");
  EXPECT_EQ(plan({}, file, "ecs"), "the container's endpoint: container -> arn:ecs by entrepot");
  EXPECT_EQ(plan(kContainer, file, "bare"), "the container's endpoint: container");
}

TEST(AwsPlan, WhatIsNotSupportedOrMakesNoSenseIsSaidByProfileAndKey) {
  const std::pair<std::string, std::string> cases[] = {
      {"sso_session = corp", "profile p has sso_session, which is not supported"},
      {"sso_start_url = https://x", "profile p has sso_start_url, which is not supported"},
      {"role_arn = a\nsource_profile = default\nmfa_serial = m", "profile p has mfa_serial, which is not supported"},
      {"role_arn = a",
       "profile p has role_arn and none of source_profile, credential_source and web_identity_token_file"},
      {"role_arn = a\nsource_profile = q", "there is no profile q in AWS's files"},
      {"web_identity_token_file = /t", "profile p has web_identity_token_file and no role_arn"},
      {"role_arn = a\ncredential_source = Moon", "profile p has a credential_source that there is not"},
      {"role_arn = a\nsource_profile = r\n[profile r]\nrole_arn = b\nsource_profile = p",
       "profile p is its own source_profile by way of others"},
  };
  for (const auto& [settings, message] : cases) {
    EXPECT_EQ(plan({}, kDefault + "[profile p]\n" + settings, "p"), "AWS credentials: " + message);
  }
}

TEST(AwsPlan, KeysCountBeforeWhatIsNotSupported) {
  EXPECT_EQ(plan({}, kDefault + "sso_session = corp\n"), "the profile default: file-id/file-key/");
}

TEST(AwsPlan, FilesAreReadOnlyWhereTheyCount) {
  EXPECT_TRUE(needs_aws_profiles({}));
  EXPECT_TRUE(needs_aws_profiles({.region = "", .profile = "p", .role_arn = "", .environment = kKeysSet}));
  EXPECT_FALSE(needs_aws_profiles({.region = "", .profile = "", .role_arn = "", .environment = kKeysSet}));
  EXPECT_FALSE(needs_aws_profiles({.region = "", .profile = "", .role_arn = "", .environment = kIdentity}));
}

}  // namespace
}  // namespace entrepot::upstream
