#include "upstream/credentials_ecr.hpp"

#include "entrepot/base/base64.hpp"
#include "unit/upstream/aws_fixture.hpp"

namespace entrepot::upstream {
namespace {

using namespace std::chrono_literals;

class EcrProviderTest : public AwsTest {
 protected:
  EcrProviderTest() { upstream_.name = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"; }

  test::Reply answer(const test::Seen& seen) override {
    if (seen.target != "/ecr") return AwsTest::answer(seen);
    if (status_ != 200) return {.status = status_, .body = complaint_};
    // Of 12 hours, or of what a test says.
    const auto end =
        std::chrono::duration_cast<std::chrono::seconds>((clock_.now() + life_).time_since_epoch()).count();
    return {.body = R"({"authorizationData": [{"authorizationToken": ")" +
                    to_base64("AWS:password " + std::to_string(++tokens_)) + R"(", "expiresAt": )" +
                    std::to_string(end) + "}]}"};
  }

  EcrProvider provider(const config::AwsVariables& more) {
    return {{.environment = variables(more)}, upstream_, context_};
  }
  EcrProvider provider() {
    return provider({{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", "the secret key"}});
  }

  // What is renewed behind the caller is done, too.
  std::string settled(CredentialProvider& provider) {
    const std::string got = account(provider);
    io_.restart();
    while (tasks_.running() > 0) io_.run_one();
    return got;
  }
  std::size_t asked() const { return server_.log("/ecr").size(); }

  config::Upstream upstream_;
  std::atomic<int> status_ = 200;
  std::string complaint_;  // set before status_
  Duration life_ = 12h;
  std::atomic<int> tokens_ = 0;
};

TEST_F(EcrProviderTest, AsksWithASignatureInTheRegistrysRegion) {
  EcrProvider ecr = provider();
  EXPECT_EQ(account(ecr), "AWS:password 1");
  const test::Seen seen = server_.log().at(0);
  EXPECT_EQ(seen.method + " " + seen.target + " " + seen.body, "POST /ecr {}");
  EXPECT_EQ(seen.header("x-amz-target"), "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken");
  EXPECT_TRUE(is_signed(seen, {"AKID", "the secret key"}, {"eu-west-1", "ecr"}));
}

TEST_F(EcrProviderTest, TheConfiguredRegionCountsBeforeTheHosts) {
  EcrProvider ecr{{.region = "us-west-2", .environment = variables({{"HOME", "/nowhere"}})}, upstream_, context_};
  EXPECT_EQ(account(ecr), "AWS:password 1");
  EXPECT_TRUE(is_signed(server_.log("/ecr").at(0), session("instance"), {"us-west-2", "ecr"}));
}

TEST_F(EcrProviderTest, TheRegionIsThatOfTheUrlBeforeThatOfTheName) {
  upstream_.urls = {"http://vpce-1.example.com", "https://123456789012.dkr.ecr.ap-south-1.amazonaws.com:443/path"};
  EcrProvider ecr = provider();
  EXPECT_EQ(account(ecr), "AWS:password 1");
  EXPECT_TRUE(is_signed(server_.log().at(0), {"AKID", "the secret key"}, {"ap-south-1", "ecr"}));
}

TEST_F(EcrProviderTest, ThePublicRegistryHasAnApiOfItsOwn) {
  upstream_.name = "public.ecr.aws";
  EcrProvider ecr = provider({{"AWS_ACCESS_KEY_ID", "AKID"},
                              {"AWS_SECRET_ACCESS_KEY", "the secret key"},
                              {"AWS_ENDPOINT_URL_ECR_PUBLIC", server_.url("/ecr")}});
  EXPECT_EQ(account(ecr), "AWS:password 1");
  EXPECT_EQ(server_.log().at(0).header("x-amz-target"), "SpencerFrontendService.GetAuthorizationToken");
  EXPECT_TRUE(is_signed(server_.log().at(0), {"AKID", "the secret key"}, {"us-east-1", "ecr-public"}));
}

TEST_F(EcrProviderTest, WithoutARegionThereIsNoProvider) {
  upstream_.name = "registry.example.com";
  EXPECT_THROW(provider(), std::runtime_error);
}

TEST_F(EcrProviderTest, IsAskedForOnceInTwelveHours) {
  EcrProvider ecr = provider();
  EXPECT_EQ(settled(ecr), "AWS:password 1");
  clock_.advance(11h + 44min);
  EXPECT_EQ(settled(ecr), "AWS:password 1");
  EXPECT_EQ(asked(), 1u);
  clock_.advance(1min);
  EXPECT_EQ(settled(ecr), "AWS:password 1");  // and is renewed behind
  EXPECT_EQ(settled(ecr), "AWS:password 2");
}

TEST_F(EcrProviderTest, AShortLifeIsRenewedInItsLastQuarter) {
  life_ = 5min;
  EcrProvider ecr = provider();
  EXPECT_EQ(settled(ecr), "AWS:password 1");
  clock_.advance(4min);
  EXPECT_EQ(settled(ecr), "AWS:password 1");
  EXPECT_EQ(settled(ecr), "AWS:password 2");
}

TEST_F(EcrProviderTest, WhileItCannotBeRenewedItIsUsedToItsEnd) {
  life_ = 5min;
  EcrProvider ecr = provider();
  EXPECT_EQ(settled(ecr), "AWS:password 1");
  complaint_ = R"({"__type": "AccessDeniedException", "message": "no"})";
  status_ = 400;
  clock_.advance(4min);
  EXPECT_EQ(settled(ecr), "AWS:password 1");
  clock_.advance(50s);
  EXPECT_EQ(settled(ecr), "AWS:password 1");
  clock_.advance(10s);
  EXPECT_EQ(settled(ecr), "ECR GetAuthorizationToken: 400 AccessDeniedException: no");
}

TEST_F(EcrProviderTest, OneThatIsRefusedIsAskedForAgain) {
  EcrProvider ecr = provider();
  EXPECT_EQ(settled(ecr), "AWS:password 1");
  clock_.advance(5s);
  ecr.refused(**get(ecr));
  EXPECT_EQ(settled(ecr), "AWS:password 2");
}

TEST_F(EcrProviderTest, ASessionServesUntilItsEndAndIsThenReplaced) {
  const std::string file = write("token", "web.identity.token").string();
  EcrProvider ecr = provider({{"AWS_WEB_IDENTITY_TOKEN_FILE", file}, {"AWS_ROLE_ARN", "arn:r"}});
  EXPECT_EQ(settled(ecr), "AWS:password 1");
  EXPECT_TRUE(is_signed(server_.log("/ecr").at(0), session("assumed1"), {"eu-west-1", "ecr"}));
  clock_.advance(10min);
  ecr.refused(**get(ecr));
  EXPECT_EQ(settled(ecr), "AWS:password 2");
  EXPECT_EQ(server_.log("/sts").size(), 1u);
  clock_.advance(12h);
  EXPECT_EQ(settled(ecr), "AWS:password 3");
  EXPECT_EQ(server_.log("/sts").size(), 2u);
}

class EcrProviderWithRotatedKeysTest : public EcrProviderTest {
 protected:
  // Knows the new key alone.
  test::Reply answer(const test::Seen& seen) override {
    if (seen.header("authorization").find("Credential=new-id/") != std::string::npos)
      return EcrProviderTest::answer(seen);
    if (!rotated_) return EcrProviderTest::answer(seen);
    return {.status = 400, .body = R"({"__type": "UnrecognizedClientException", "message": "the key is not known"})"};
  }
  std::string keys(const std::string& id) {
    return "[default]\naws_access_key_id = " + id + "\naws_secret_access_key = " + id + "-secret\n";
  }
  std::atomic<bool> rotated_ = false;
};

TEST_F(EcrProviderWithRotatedKeysTest, KeysThatAreRefusedAreLookedForAgainAtOnce) {
  const std::string file = write("credentials", keys("old-id")).string();
  EcrProvider ecr = provider({{"AWS_SHARED_CREDENTIALS_FILE", file}});
  EXPECT_EQ(settled(ecr), "AWS:password 1");
  rotated_ = true;
  replace("credentials", keys("new-id"));
  clock_.advance(10min);
  ecr.refused(**get(ecr));
  EXPECT_EQ(settled(ecr), "AWS:password 2");
  EXPECT_EQ(asked(), 3u);
}

TEST_F(EcrProviderWithRotatedKeysTest, TheSameKeysAreNotTriedTwice) {
  const std::string file = write("credentials", keys("old-id")).string();
  EcrProvider ecr = provider({{"AWS_SHARED_CREDENTIALS_FILE", file}});
  rotated_ = true;
  const std::string refused = "ECR GetAuthorizationToken: 400 UnrecognizedClientException: the key is not known";
  EXPECT_EQ(settled(ecr), refused);
  EXPECT_EQ(asked(), 1u);
  clock_.advance(10s);
  EXPECT_EQ(settled(ecr), refused);
  EXPECT_EQ(asked(), 2u);
}

TEST_F(EcrProviderTest, ARefusalThatIsNotAboutTheKeysLeavesTheSession) {
  const std::string file = write("token", "web.identity.token").string();
  EcrProvider ecr = provider({{"AWS_WEB_IDENTITY_TOKEN_FILE", file}, {"AWS_ROLE_ARN", "arn:r"}});
  complaint_ = R"({"__type": "ThrottlingException", "message": "slowly"})";
  status_ = 400;
  EXPECT_EQ(settled(ecr), "ECR GetAuthorizationToken: 400 ThrottlingException: slowly");
  status_ = 200;
  clock_.advance(10s);
  EXPECT_EQ(settled(ecr), "AWS:password 1");
  EXPECT_EQ(server_.log("/sts").size(), 1u);
}

TEST_F(EcrProviderTest, AWrongSignatureIsToldWithoutWhatWasSigned) {
  complaint_ =
      R"({"__type": "InvalidSignatureException", "message": "The Canonical String should have been 'POST\n/\n\nx-amz-security-)"
      R"(token:token of instance\n' and Signature=00ff, not the secret key"})";
  status_ = 400;
  EcrProvider ecr = provider({{"HOME", "/nowhere"}});
  const std::string message = account(ecr);
  EXPECT_TRUE(message.starts_with("ECR GetAuthorizationToken: 400 InvalidSignatureException: ")) << message;
  EXPECT_EQ(message.find("token of instance"), std::string::npos) << message;
  EXPECT_EQ(message.find("00ff"), std::string::npos) << message;
}

TEST_F(EcrProviderTest, IsWhatTheConfigurationAsksFor) {
  upstream_.credentials = config::Credentials{
      config::EcrCredentials{.environment = variables({{"AWS_ACCESS_KEY_ID", "a"}, {"AWS_SECRET_ACCESS_KEY", "b"}})}};
  std::unique_ptr<CredentialProvider> ecr = make_credential_provider(upstream_, context_);
  EXPECT_EQ(account(*ecr), "AWS:password 1");
}

}  // namespace
}  // namespace entrepot::upstream
