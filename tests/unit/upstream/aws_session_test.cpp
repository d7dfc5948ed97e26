#include "upstream/aws_session.hpp"

#include <gtest/gtest.h>

namespace entrepot::upstream {
namespace {

using namespace std::chrono_literals;

const Time kNow{std::chrono::seconds(1'700'000'000)};  // 2023-11-14T22:13:20Z

TEST(AwsTime, IsReadInEveryFormThatAwsWrites) {
  for (const char* text : {"2023-11-14T22:13:20Z", "2023-11-14T22:13:20.123456Z", "2023-11-14T23:13:20+01:00",
                           "2023-11-14T20:43:20-01:30", "2023-11-14T22:13:20+00:00"}) {
    EXPECT_EQ(parse_aws_time(text), kNow) << text;
  }
  for (const char* text : {"", "soon", "2023-11-14", "2023-11-14T22:13:20", "2023-13-14T22:13:20Z",
                           "2023-11-31T22:13:20Z", "2023-11-14T24:13:20Z", "2023-11-14T22:13:20+1:00",
                           "2023-11-14 22:13:20Z", "1700000000", "2023-11-14T22:13:-1Z", "2023-11-14T22:13:20Zulu"}) {
    EXPECT_EQ(parse_aws_time(text), std::nullopt) << text;
  }
}

TEST(AwsSession, IsReadWithItsTokenUnderEitherName) {
  for (const char* name : {"Token", "SessionToken"}) {
    auto session = parse_aws_session(R"({"AccessKeyId": "id", "SecretAccessKey": "key", ")" + std::string(name) +
                                         R"(": "token", "Expiration": "2023-11-14T23:13:20Z"})",
                                     kNow);
    ASSERT_TRUE(session) << session.error().message;
    EXPECT_EQ(session->value, (AwsKeys{"id", "key", "token"}));
    EXPECT_EQ(session->life, 1h);
  }
}

TEST(AwsSession, WithoutAnEndItIsLookedForAgainAfterAnHour) {
  auto session = parse_aws_session(R"({"Version": 1, "AccessKeyId": "id", "SecretAccessKey": "key"})", kNow);
  ASSERT_TRUE(session);
  EXPECT_EQ(session->value, (AwsKeys{"id", "key", ""}));
  EXPECT_EQ(session->life, 1h);
}

TEST(AwsSession, ATimeThatTheClockCannotHoldIsFarOrLongAgo) {
  const auto life = [](const char* end) { return aws_life(*parse_aws_time(end), kNow); };
  EXPECT_EQ(life("9999-12-31T23:59:59Z"), 24h * 365);
  EXPECT_EQ(life("2262-04-12T00:00:00Z"), 24h * 365);
  EXPECT_EQ(life("2600-01-01T00:00:00Z"), 24h * 365);
  EXPECT_EQ(life("0001-01-01T00:00:00Z"), 1min);
  EXPECT_EQ(life("1400-01-01T00:00:00Z"), 1min);
}

TEST(AwsSession, OneThatIsOverIsTriedForAMinute) {
  EXPECT_EQ(aws_life(kNow - 1h, kNow), 1min);
  EXPECT_EQ(aws_life(kNow, kNow), 1min);
  EXPECT_EQ(aws_life(kNow + 5s, kNow), 5s);
}

TEST(AwsSession, WhatMakesNoSenseIsAnErrorThatDoesNotQuoteIt) {
  const std::pair<std::string, std::string> cases[] = {
      {"hunter2", "no JSON object"},
      {R"(["hunter2"])", "no JSON object"},
      {R"({"SecretAccessKey": "hunter2"})", "no access key id"},
      {R"({"AccessKeyId": "id", "Token": "hunter2"})", "no secret access key"},
      {R"({"AccessKeyId": "id", "SecretAccessKey": "s", "Token": "hunter2\r\nX: y"})", "keys with line breaks"},
      {R"({"AccessKeyId": "id", "SecretAccessKey": "hunter2", "Expiration": "hunter2"})",
       "an Expiration that is no time"},
  };
  for (const auto& [json, message] : cases) {
    auto session = parse_aws_session(json, kNow);
    ASSERT_FALSE(session) << json;
    EXPECT_EQ(session.error().message, message);
  }
}

}  // namespace
}  // namespace entrepot::upstream
