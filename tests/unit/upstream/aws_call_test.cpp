#include "upstream/aws_call.hpp"

#include <atomic>

#include "unit/upstream/provider_fixture.hpp"
#include "unit/upstream/scripted_server.hpp"

namespace entrepot::upstream {
namespace {

using namespace std::chrono_literals;

const AwsKeys kKeys{"AKID", "secret/key+1", "session/token+2=="};

AwsCall call_of(const std::string& url) {
  return {.name = "STS AssumeRole",
          .request = {.method = "POST",
                      .url = *http::Url::parse(url),
                      .headers = {},
                      .body = "a=b",
                      .deadline = io::SteadyClock::now() + 20s},
          .signer = AwsSigner{kKeys, {"eu-west-1", "sts"}},
          .secrets = {"web.identity.token"}};
}

std::string message_of(const std::string& body) {
  return aws_error(call_of("http://sts"), {.status = 403, .body = body}).message;
}

TEST(AwsError, SaysWhichCallAndWhatAwsSays) {
  EXPECT_EQ(message_of(R"(<ErrorResponse xmlns="x"><Error><Type>Sender</Type><Code>AccessDenied</Code>)"
                       R"(<Message>User &quot;u&quot; may not</Message></Error></ErrorResponse>)"),
            "STS AssumeRole: 403 AccessDenied: User \"u\" may not");
  EXPECT_EQ(
      message_of(R"({"__type": "com.amazon.coral.service#UnrecognizedClientException", "message": "No\nsuch token"})"),
      "STS AssumeRole: 403 UnrecognizedClientException: No such token");
  EXPECT_EQ(message_of(R"({"code": "AccessDenied", "Message": "no"})"), "STS AssumeRole: 403 AccessDenied: no");
  for (const char* body : {"", "<html>Forbidden</html>", "[]", "{\"message\": 1}"}) {
    EXPECT_EQ(message_of(body), "STS AssumeRole: 403") << body;
  }
}

TEST(AwsError, QuotesNoSecretThatAwsQuotes) {
  const std::string padding(380, '.');
  for (const std::string& secret : {kKeys.secret_access_key, kKeys.session_token, std::string("web.identity.token"),
                                    http::percent_encode(kKeys.session_token)}) {
    for (const std::string& text : {"x-amz-security-token:" + secret + " host", secret + secret, padding + secret}) {
      const std::string message = message_of(R"({"message": ")" + text + R"("})");
      EXPECT_EQ(message.find(secret.substr(0, 8)), std::string::npos) << message;
    }
  }
  AwsCall odd = call_of("http://sts");
  odd.secrets = {"*", ""};
  EXPECT_EQ(aws_error(odd, {.status = 400, .body = R"({"message": "a * b"})"}).message, "STS AssumeRole: 400: a *** b");
  const std::string signature = message_of(R"({"message": "Signature=0123456789abcdef, was wrong"})");
  EXPECT_EQ(signature, "STS AssumeRole: 403: Signature=***, was wrong");
}

TEST(AwsError, SpeaksOfTheKeysOrOfSomethingElse) {
  const auto refuses = [](unsigned status, const std::string& code) {
    return refuses_keys({.status = status, .body = R"({"__type": ")" + code + R"("})"});
  };
  for (const char* code : {"UnrecognizedClientException", "ExpiredTokenException", "ExpiredToken",
                           "com.amazon.coral.service#InvalidSignatureException", "InvalidClientTokenId",
                           "AccessDeniedException", "AccessDenied", "SignatureDoesNotMatch", "IncompleteSignature"}) {
    EXPECT_TRUE(refuses(400, code)) << code;
    EXPECT_TRUE(refuses(403, code)) << code;
    EXPECT_FALSE(refuses(500, code)) << code;
  }
  for (const char* code : {"", "ThrottlingException", "ServerException", "InvalidParameterException"}) {
    EXPECT_FALSE(refuses(400, code)) << code;
  }
  EXPECT_FALSE(refuses_keys({.status = 403, .body = "<html>a proxy</html>"}));
}

TEST(AwsXml, GivesTheFirstElementsText) {
  EXPECT_EQ(aws_xml_text("<a><b>1 &amp;lt; 2</b><b>3</b></a>", "b"), "1 &lt; 2");
  for (const char* xml : {"", "<b>", "</b>", "<b/>", "</b><b>"}) EXPECT_EQ(aws_xml_text(xml, "b"), "") << xml;
}

class AwsCallTest : public ProviderTest {
 protected:
  Result<WebAnswer> send(const AwsCall& call) {
    WebClient client(config::Upstream{}, context_);
    return test::run_coro(io_, send_aws(client, clock_, call));
  }
};

TEST_F(AwsCallTest, IsSignedAndSentOnce) {
  test::ScriptedServer server([](const test::Seen&) { return test::Reply{.body = "yes"}; });
  Result<WebAnswer> answer = send(call_of(server.url()));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "yes");
  ASSERT_EQ(server.log().size(), 1u);
  const test::Seen seen = server.log().at(0);
  EXPECT_EQ(seen.body, "a=b");
  EXPECT_EQ(seen.header("x-amz-security-token"), kKeys.session_token);
  // What reaches the server is what was signed.
  const AwsRequest received{seen.method,
                            seen.target,
                            {{"host", seen.header("host")},
                             {"x-amz-date", seen.header("x-amz-date")},
                             {"x-amz-security-token", seen.header("x-amz-security-token")}},
                            seen.body};
  EXPECT_EQ(seen.header("authorization"), aws_authorization(received, kKeys, {"eu-west-1", "sts"}, clock_.now()));
}

TEST_F(AwsCallTest, WhatPassesIsTriedThreeTimes) {
  std::atomic<int> count = 0;
  test::ScriptedServer server([&](const test::Seen&) {
    ++count;
    if (count == 1) return test::Reply{.status = 503};
    if (count == 2) return test::Reply{.status = 400, .body = R"({"__type": "ThrottlingException"})"};
    return test::Reply{.body = "yes"};
  });
  EXPECT_EQ(send(call_of(server.url()))->body, "yes");
  EXPECT_EQ(count, 3);
}

TEST_F(AwsCallTest, WhatDoesNotPassIsTheAnswerInTheEnd) {
  test::ScriptedServer server([](const test::Seen&) { return test::Reply{.status = 500}; });
  EXPECT_EQ(send(call_of(server.url()))->status, 500u);
  EXPECT_EQ(server.log().size(), 3u);
}

TEST_F(AwsCallTest, ARefusalIsNotTriedAgain) {
  test::ScriptedServer server([](const test::Seen&) { return test::Reply{.status = 403}; });
  EXPECT_EQ(send(call_of(server.url()))->status, 403u);
  EXPECT_EQ(server.log().size(), 1u);
}

TEST_F(AwsCallTest, NoAnswerIsAnErrorWithTheCallsName) {
  Result<WebAnswer> answer = send(call_of("http://127.0.0.1:1"));
  ASSERT_FALSE(answer);
  EXPECT_TRUE(answer.error().message.starts_with("STS AssumeRole: ")) << answer.error().message;
}

}  // namespace
}  // namespace entrepot::upstream
