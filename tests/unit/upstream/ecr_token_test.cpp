#include "upstream/ecr_token.hpp"

#include <gtest/gtest.h>

namespace entrepot::upstream {
namespace {

using namespace std::chrono_literals;

const Time kNow{std::chrono::seconds(1'700'000'000)};

std::string answer(const std::string& token, const std::string& expires = "") {
  return R"({"authorizationData": [{"authorizationToken": ")" + token + "\"" + expires +
         R"(, "proxyEndpoint": "https://x"}]})";
}

TEST(EcrToken, IsAnAccountWithAnEnd) {
  // "AWS:pass:word"
  auto token = parse_ecr_token(answer("QVdTOnBhc3M6d29yZA==", R"(, "expiresAt": 1.7000432005E9)"), kNow);
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->value, (Credential{"AWS", "pass:word"}));
  EXPECT_EQ(token->life, 12h);
}

TEST(EcrToken, OfThePublicRegistryIsNoList) {
  auto token = parse_ecr_token(
      R"({"authorizationData": {"authorizationToken": "QVdTOnA=", "expiresAt": "2023-11-14T23:13:20Z"}})", kNow);
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->value, (Credential{"AWS", "p"}));
  EXPECT_EQ(token->life, 1h);
}

TEST(EcrToken, WithoutAnEndItIsGoodForTwelveHours) {
  for (const char* expires : {"", R"(, "expiresAt": null)", R"(, "expiresAt": 1e300)", R"(, "expiresAt": "soon")"}) {
    EXPECT_EQ(parse_ecr_token(answer("QVdTOnA=", expires), kNow)->life, 12h) << expires;
  }
}

TEST(EcrToken, AFarEndIsNotOver) {
  for (const char* expires :
       {R"(, "expiresAt": 9.3E9)", R"(, "expiresAt": 99999999999)", R"(, "expiresAt": "9999-12-31T23:59:59Z")"}) {
    EXPECT_EQ(parse_ecr_token(answer("QVdTOnA=", expires), kNow)->life, 24h * 365) << expires;
  }
}

TEST(EcrToken, OneWhoseTimeIsOverIsTriedForAMinute) {
  EXPECT_EQ(parse_ecr_token(answer("QVdTOnA=", R"(, "expiresAt": 1420070400)"), kNow)->life, 1min);
}

TEST(EcrToken, WhatMakesNoSenseIsNotQuoted) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "the answer has no authorizationData"},
      {R"(["hunter2"])", "the answer has no authorizationData"},
      {R"({"authorizationData": []})", "the answer has no authorizationToken"},
      {R"({"authorizationData": "hunter2"})", "the answer has no authorizationToken"},
      {R"({"authorizationData": [{"authorizationToken": 1}]})", "the answer has no authorizationToken"},
      {answer("hunter2!"), "the answer has an authorizationToken that is no base64"},
      {answer("aHVudGVyMg=="), "the answer has an authorizationToken without a password"},
      {answer("QVdTOg=="), "the answer has an authorizationToken without a password"},
  };
  for (const auto& [body, message] : cases) {
    auto token = parse_ecr_token(body, kNow);
    ASSERT_FALSE(token) << body;
    EXPECT_EQ(token.error().message, message);
  }
}

TEST(EcrToken, IsAskedForAtTheServiceOfTheRegistry) {
  const AwsCall own = ecr_token_call({.region = "eu-west-1"}, *http::Url::parse("https://api"), {"id", "key"}, {});
  EXPECT_EQ(own.request.headers.find("X-Amz-Target"), "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken");
  EXPECT_EQ(own.request.headers.find("Content-Type"), "application/x-amz-json-1.1");
  EXPECT_EQ(own.signer->scope.service + " " + own.signer->scope.region, "ecr eu-west-1");
  const AwsCall everyones =
      ecr_token_call({.region = "us-east-1", .is_public = true}, *http::Url::parse("https://api"), {}, {});
  EXPECT_EQ(everyones.request.headers.find("X-Amz-Target"), "SpencerFrontendService.GetAuthorizationToken");
  EXPECT_EQ(everyones.signer->scope.service + " " + everyones.signer->scope.region, "ecr-public us-east-1");
}

}  // namespace
}  // namespace entrepot::upstream
