#include "upstream/aws_local.hpp"

#include "unit/upstream/aws_fixture.hpp"

namespace entrepot::upstream {
namespace {

using namespace std::chrono_literals;

std::string container(const std::string& full, const std::string& relative = "") {
  config::AwsVariables variables;
  if (!full.empty()) variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = full;
  if (!relative.empty()) variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = relative;
  Result<http::Url> url = aws_container_url(variables);
  return url ? url->to_string() : url.error().message;
}

TEST(AwsContainer, TheEndpointOfEcsAndThatOfEksAndThisHostMayBeHttp) {
  EXPECT_EQ(container("", "/v2/credentials/1"), "http://169.254.170.2/v2/credentials/1");
  EXPECT_EQ(container("http://elsewhere/", "/v2/credentials/1"), "http://169.254.170.2/v2/credentials/1");
  for (const std::string url :
       {"http://169.254.170.23/v1/credentials", "http://[fd00:ec2::23]/v1/credentials", "http://169.254.170.2/x",
        "http://127.0.0.1:8080/x", "http://[::1]/x", "http://localhost/x", "https://credentials.example.com/x"}) {
    EXPECT_EQ(container(url), url);
  }
}

TEST(AwsContainer, NoOtherEndpointMayBeHttp) {
  for (const char* url : {"http://169.254.169.254/x", "http://10.0.0.1/x", "http://credentials.example.com/x",
                          "http://169.254.170.2.example.com/x", "http://localhost.example.com/", "http://8.8.8.8/"}) {
    EXPECT_TRUE(container(url).starts_with("AWS container endpoint: AWS_CONTAINER_CREDENTIALS_FULL_URI is "))
        << container(url);
  }
  EXPECT_NE(container("http://10.0.0.1/x").find("http at 10.0.0.1, which may be only this host"), std::string::npos);
  EXPECT_NE(container("ftp://127.0.0.1/").find("no http or https URL"), std::string::npos);
  EXPECT_NE(container("http://u:hunter2@127.0.0.1/").find("no http or https URL"), std::string::npos);
  EXPECT_NE(container("", "//evil.example.com").find("169.254.170.2//evil"), std::string::npos);
  EXPECT_NE(container("", "@evil.example.com").find("is no path"), std::string::npos);
}

TEST(AwsInstance, IsWhereTheEnvironmentSays) {
  EXPECT_EQ(aws_instance_endpoint({})->to_string(), "http://169.254.169.254/");
  EXPECT_EQ(aws_instance_endpoint({{"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6"}})->to_string(),
            "http://[fd00:ec2::254]/");
  EXPECT_EQ(aws_instance_endpoint({{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1338"}})->to_string(),
            "http://127.0.0.1:1338/");
}

class AwsLocalTest : public AwsTest {
 protected:
  test::Reply answer(const test::Seen& seen) override {
    if (failures_ > 0) return {.status = statuses_[static_cast<std::size_t>(--failures_)]};
    const auto found = instead_.find(seen.target);
    return found == instead_.end() ? AwsTest::answer(seen) : found->second;
  }

  Result<Lease<AwsKeys>> ask_container(const std::string& token) {
    http::Url url = *http::Url::parse(server_.url("/container"));
    return test::run_coro(io_, ask_aws_container(client_, clock_, std::move(url), token, deadline_));
  }
  Result<Lease<AwsKeys>> ask_instance() {
    return test::run_coro(io_, ask_aws_instance(client_, clock_, *http::Url::parse(server_.url()), deadline_));
  }

  std::map<std::string, test::Reply> instead_;  // set before the first request
  std::atomic<int> failures_ = 0;               // of the first requests, with these statuses from the last to the first
  std::vector<int> statuses_{503, 404};
  io::Deadline deadline_ = io::kNoDeadline;
  WebClient client_{config::Upstream{}, context_};
};

TEST_F(AwsLocalTest, AContainersEndpointIsShownTheToken) {
  auto session = ask_container("pod-token");
  ASSERT_TRUE(session) << session.error().message;
  EXPECT_EQ(session->value, AwsTest::session("container"));
  EXPECT_EQ(session->life, std::chrono::hours(1));
  EXPECT_EQ(server_.log().at(0).header("authorization"), "pod-token");
}

TEST_F(AwsLocalTest, AContainersEndpointWithoutATokenIsShownNone) {
  EXPECT_TRUE(ask_container(""));
  EXPECT_FALSE(server_.log().at(0).headers.contains("authorization"));
}

TEST_F(AwsLocalTest, WhatAContainersEndpointSaysIsToldWithoutTheToken) {
  instead_["/container"] = {.status = 400, .body = R"({"code": "Invalid", "message": "pod-token is not known"})"};
  EXPECT_EQ(ask_container("pod-token").error().message,
            "AWS container endpoint " + server_.authority() + ": 400 Invalid: *** is not known");
}

TEST_F(AwsLocalTest, ATokenWithLineBreaksIsNotSent) {
  EXPECT_FALSE(ask_container("a\r\nX-Evil: b"));
  EXPECT_TRUE(server_.log().empty());
}

TEST_F(AwsLocalTest, AnInstanceIsAskedByItsSecondProtocol) {
  auto session = ask_instance();
  ASSERT_TRUE(session) << session.error().message;
  EXPECT_EQ(session->value, AwsTest::session("instance"));
  const std::vector<test::Seen> log = server_.log();
  ASSERT_EQ(log.size(), 3u);
  EXPECT_EQ(log[0].method + " " + log[0].target, "PUT /latest/api/token");
  EXPECT_EQ(log[0].header("x-aws-ec2-metadata-token-ttl-seconds"), "21600");
  EXPECT_EQ(log[1].method + " " + log[1].target, "GET /latest/meta-data/iam/security-credentials/");
  EXPECT_EQ(log[1].header("x-aws-ec2-metadata-token"), "imds-token");
  EXPECT_EQ(log[2].target, "/latest/meta-data/iam/security-credentials/pull-role");
  EXPECT_EQ(log[2].header("x-aws-ec2-metadata-token"), "imds-token");
}

TEST_F(AwsLocalTest, WhatIsOnlyJustThereIsAskedAgain) {
  failures_ = 2;
  EXPECT_TRUE(ask_container("pod-token"));
  EXPECT_EQ(server_.log().size(), 3u);
  failures_ = 2;
  EXPECT_TRUE(ask_instance());
  EXPECT_EQ(server_.log().size(), 8u);
}

TEST_F(AwsLocalTest, WhatDoesNotAnswerIsWaitedForUntilTheDeadline) {
  instead_["/container"] = instead_["/latest/api/token"] = {.never = true};
  const auto begin = io::SteadyClock::now();
  deadline_ = begin + 50ms;
  EXPECT_EQ(ask_container("").error().code, Errc::Timeout);
  EXPECT_EQ(ask_instance().error().code, Errc::Timeout);
  EXPECT_LT(io::SteadyClock::now() - begin, 3s);  // of a local answer it is five seconds
}

TEST_F(AwsLocalTest, AnInstanceThatKnowsNoTokenIsNotAskedByTheFirstProtocol) {
  instead_["/latest/api/token"] = {.status = 403};
  EXPECT_EQ(ask_instance().error().message,
            "EC2 instance metadata: PUT /latest/api/token was answered with 403 "
            "(within a container, the instance's hop limit has to be 2)");
  EXPECT_EQ(server_.log().size(), 1u);
}

TEST_F(AwsLocalTest, AnInstanceWithoutARoleIsSaidToHaveNone) {
  const std::string roles = "/latest/meta-data/iam/security-credentials/";
  instead_[roles] = {.body = "<html>no</html>"};
  EXPECT_EQ(ask_instance().error().message, "EC2 instance metadata: the instance has no role");
}

TEST_F(AwsLocalTest, AnAnswerThatIsNoSessionIsNotQuoted) {
  instead_["/latest/meta-data/iam/security-credentials/pull-role"] = {.body = R"({"Code": "Failed", "x": "hunter2"})"};
  EXPECT_EQ(ask_instance().error().message,
            "EC2 instance metadata: what it gives for the role pull-role has no access key id");
}

}  // namespace
}  // namespace entrepot::upstream
