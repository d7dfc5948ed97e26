#include "upstream/aws_chain.hpp"

#include "unit/upstream/aws_fixture.hpp"

namespace entrepot::upstream {
namespace {

using namespace std::chrono_literals;

class AwsChainTest : public AwsTest {
 protected:
  // The access key's id of what the chain finds, and its life in minutes; else the error's message.
  std::string fetch_as(const config::EcrCredentials& config, const std::string& region = "eu-west-1") {
    WebClient client(config::Upstream{}, context_);
    AwsChain chain(config, region, client, context_);
    Result<Lease<AwsKeys>> keys = test::run_coro(io_, chain.fetch(io::SteadyClock::now() + 20s));
    if (!keys) return keys.error().message;
    return keys->value.access_key_id + " " + std::to_string(keys->life / 1min);
  }
  std::string fetch(const config::AwsVariables& more) { return fetch_as({.environment = variables(more)}); }

  std::string home() const { return dir_.path().string(); }
  std::string write_config(const std::string& text) {
    std::filesystem::create_directories(dir_.path() / ".aws");
    return write(".aws/config", text).string();
  }
};

TEST_F(AwsChainTest, KeysOfTheEnvironment) {
  EXPECT_EQ(fetch({{"AWS_ACCESS_KEY_ID", "id"}, {"AWS_SECRET_ACCESS_KEY", "key"}}), "id 60");
  EXPECT_TRUE(server_.log().empty());
}

TEST_F(AwsChainTest, HalfOfTheEnvironmentsKeysIsAnError) {
  EXPECT_EQ(fetch({{"AWS_ACCESS_KEY_ID", "id"}}), "AWS credentials of the environment: no secret access key");
  EXPECT_EQ(fetch({{"AWS_SECRET_ACCESS_KEY", "hunter2"}}), "AWS credentials of the environment: no access key id");
  EXPECT_EQ(fetch({{"AWS_ACCESS_KEY_ID", "id\r\nX: y"}, {"AWS_SECRET_ACCESS_KEY", "key"}}),
            "AWS credentials of the environment: keys with line breaks");
}

TEST_F(AwsChainTest, AWebIdentityIsExchangedWithoutASignature) {
  const std::string file = write("token", "web.identity.token\n").string();
  EXPECT_EQ(fetch({{"AWS_WEB_IDENTITY_TOKEN_FILE", file}, {"AWS_ROLE_ARN", "arn:aws:iam::1:role/r"}}), "assumed1 60");
  const test::Seen seen = server_.log().at(0);
  EXPECT_EQ(seen.body,
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&"
            "RoleSessionName=entrepot&WebIdentityToken=web.identity.token");
  EXPECT_FALSE(seen.headers.contains("authorization"));
}

TEST_F(AwsChainTest, AWebIdentitysFileIsReadEachTime) {
  const std::string file = write("token", "one").string();
  const config::EcrCredentials config{
      .environment = variables({{"AWS_WEB_IDENTITY_TOKEN_FILE", file}, {"AWS_ROLE_ARN", "arn:r"}})};
  WebClient client(config::Upstream{}, context_);
  AwsChain chain(config, "eu-west-1", client, context_);
  for (const char* token : {"one", "two"}) {
    replace("token", token);
    EXPECT_TRUE(test::run_coro(io_, chain.fetch(io::kNoDeadline)));
    EXPECT_TRUE(server_.log().back().body.ends_with(std::string("WebIdentityToken=") + token));
  }
}

TEST_F(AwsChainTest, AWebIdentityThatIsNotThereNamesItsFile) {
  const auto with = [this](const std::string& file) {
    return fetch({{"AWS_WEB_IDENTITY_TOKEN_FILE", file}, {"AWS_ROLE_ARN", "arn:r"}});
  };
  EXPECT_EQ(with("/nowhere/token"),
            "AWS credentials of the environment: cannot read /nowhere/token: No such file or directory");
  EXPECT_NE(with(home()).find("cannot read " + home()), std::string::npos) << with(home());
  const std::string empty = write("empty", "\n").string();
  EXPECT_EQ(with(empty), "AWS credentials of the environment: " + empty + " is empty");
}

TEST_F(AwsChainTest, AProfilesKeys) {
  write_config("[default]\naws_access_key_id = file-id\naws_secret_access_key = key\n");
  EXPECT_EQ(fetch({{"HOME", home()}}), "file-id 60");
}

TEST_F(AwsChainTest, AProfilesRoleIsAssumedWithTheKeysOfItsSource) {
  write_config(
      "[default]\naws_access_key_id = file-id\naws_secret_access_key = file-key\n"
      "[profile role]\nrole_arn = arn:role\nsource_profile = default\nexternal_id = 42\nduration_seconds = 900\n");
  EXPECT_EQ(fetch({{"HOME", home()}, {"AWS_PROFILE", "role"}}), "assumed1 60");
  const test::Seen seen = server_.log().at(0);
  EXPECT_EQ(seen.body,
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Arole&RoleSessionName=entrepot&ExternalId=42&"
            "DurationSeconds=900");
  EXPECT_TRUE(is_signed(seen, {"file-id", "file-key"}, {"eu-west-1", "sts"}));
}

TEST_F(AwsChainTest, AFileThatCannotBeReadIsAnErrorAndOneThatIsNotThereIsNone) {
  const std::string message = fetch({{"AWS_CONFIG_FILE", home()}});
  EXPECT_NE(message.find("AWS credentials of AWS's files: cannot read " + home()), std::string::npos) << message;
  EXPECT_EQ(fetch({{"HOME", home()}}), "instance 60");
  EXPECT_EQ(fetch({{"HOME", write("file", "").string()}}), "instance 60");
  // What not even root can look at.
  std::filesystem::create_symlink("loop", dir_.path() / "loop");
  const std::string loop = (dir_.path() / "loop").string();
  EXPECT_EQ(fetch({{"AWS_CONFIG_FILE", loop}}),
            "AWS credentials of AWS's files: cannot read " + loop + ": Too many levels of symbolic links");
}

TEST_F(AwsChainTest, AProgramThatAProfileNames) {
  write_config(R"([default]
credential_process = echo '{"Version": 1, "AccessKeyId": "printed", "SecretAccessKey": "'"a key"'"}'
[profile failing]
credential_process = echo hunter2; echo hunter2 >&2; exit 3
[profile odd]
credential_process = echo hunter2
)");
  EXPECT_EQ(fetch({{"HOME", home()}}), "printed 60");
  EXPECT_EQ(fetch({{"HOME", home()}, {"AWS_PROFILE", "failing"}}),
            "AWS credentials of the profile failing: credential_process failed with exit status 3");
  EXPECT_EQ(fetch({{"HOME", home()}, {"AWS_PROFILE", "odd"}}),
            "AWS credentials of the profile odd: credential_process printed no JSON object");
}

TEST_F(AwsChainTest, AContainersEndpointWithTheTokenThatItsFileHoldsNow) {
  const std::string file = write("pod", "pod-token\n").string();
  EXPECT_EQ(fetch({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", server_.url("/container")},
                   {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "of the environment"},
                   {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file}}),
            "container 60");
  EXPECT_EQ(server_.log().at(0).header("authorization"), "pod-token");
  EXPECT_EQ(fetch({{"AWS_CONTAINER_CREDENTIALS_FULL_URI", server_.url("/container")},
                   {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "of the environment"}}),
            "container 60");
  EXPECT_EQ(server_.log().at(1).header("authorization"), "of the environment");
}

TEST_F(AwsChainTest, AnInstanceIsTheLast) { EXPECT_EQ(fetch({{"HOME", home()}}), "instance 60"); }

TEST_F(AwsChainTest, WhereNothingIsFoundTheMessageSaysWhereItWasLookedFor) {
  const std::string message = fetch({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1"}});
  for (const char* part : {"none are in the environment, in AWS's files or at a container's endpoint",
                           "EC2 instance metadata", "127.0.0.1:1", "hop limit"}) {
    EXPECT_NE(message.find(part), std::string::npos) << message;
  }
}

TEST_F(AwsChainTest, ARoleOfTheConfigurationIsAssumedWithWhatIsFound) {
  EXPECT_EQ(fetch_as({.role_arn = "arn:pull", .environment = variables({{"HOME", home()}})}), "assumed1 60");
  EXPECT_TRUE(is_signed(server_.log("/sts").at(0), session("instance"), {"eu-west-1", "sts"}));
}

TEST_F(AwsChainTest, StsIsAskedInTheEnvironmentsRegionBeforeTheRegistrys) {
  const config::AwsVariables keys{{"AWS_ACCESS_KEY_ID", "id"}, {"AWS_SECRET_ACCESS_KEY", "key"}};
  config::EcrCredentials config{.role_arn = "arn:pull", .environment = variables(keys)};
  config.environment["AWS_DEFAULT_REGION"] = "us-east-2";
  EXPECT_EQ(fetch_as(config), "assumed1 60");
  EXPECT_TRUE(is_signed(server_.log().at(0), {"id", "key"}, {"us-east-2", "sts"}));
  config.environment["AWS_REGION"] = "us-west-1";
  EXPECT_EQ(fetch_as(config), "assumed2 60");
  EXPECT_TRUE(is_signed(server_.log().at(1), {"id", "key"}, {"us-west-1", "sts"}));
}

class AwsChainRefusedTest : public AwsChainTest {
 protected:
  test::Reply answer(const test::Seen&) override {
    return {.status = 403,
            .body =
                "<ErrorResponse><Error><Code>InvalidIdentityToken</Code><Message>web.identity.token and key of AKID "
                "are not known</Message></Error></ErrorResponse>"};
  }
};

TEST_F(AwsChainRefusedTest, WhatStsSaysIsToldWithoutSecrets) {
  const std::string file = write("token", "web.identity.token\n").string();
  EXPECT_EQ(
      fetch({{"AWS_WEB_IDENTITY_TOKEN_FILE", file}, {"AWS_ROLE_ARN", "arn:r"}}),
      "AWS credentials of the environment: STS AssumeRoleWithWebIdentity arn:r: 403 InvalidIdentityToken: *** and "
      "key of AKID are not known");
  EXPECT_EQ(
      fetch_as({.role_arn = "arn:p",
                .environment = variables({{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "key of AKID"}})}),
      "AWS credentials of the environment: STS AssumeRole arn:p: 403 InvalidIdentityToken: web.identity.token and "
      "*** are not known");
}

}  // namespace
}  // namespace entrepot::upstream
