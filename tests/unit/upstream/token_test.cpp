#include "upstream/token.hpp"

#include <gtest/gtest.h>

namespace entrepot::upstream {
namespace {

TEST(Token, IsReadFromEitherField) {
  struct Case {
    const char* body;
    const char* value;
    int lifetime;
  };
  const Case cases[] = {
      {R"({"token":"a"})", "a", 60},
      {R"({"access_token":"b","expires_in":300})", "b", 300},
      {R"({"token":"a","access_token":"b","expires_in":3600,"issued_at":"2024-01-01T00:00:00Z"})", "a", 3600},
      {R"({"token":"","access_token":"b"})", "b", 60},
      {R"({"token":null,"access_token":"b"})", "b", 60},
      {R"({"token":"a","expires_in":5})", "a", 60},
      {R"({"token":"a","expires_in":-5})", "a", 60},
      {R"({"token":"a","expires_in":300.5})", "a", 300},
      {R"({"token":"a","expires_in":"300"})", "a", 60},
      {R"({"token":"a","expires_in":1e300})", "a", 86400},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.body);
    auto token = parse_token(c.body);
    ASSERT_TRUE(token);
    EXPECT_EQ(token->value, c.value);
    EXPECT_EQ(token->lifetime, std::chrono::seconds(c.lifetime));
  }
}

TEST(Token, WhatHoldsNoneIsAnError) {
  const std::string too_long = R"({"token":"a","x":")" + std::string(kMaxTokenBody, 'x') + "\"}";
  for (const std::string& body : {std::string(), std::string("<html>"), std::string("[]"), std::string("{}"),
                                  std::string(R"({"token":7})"), std::string(R"({"token":"a\r\nX: y"})"), too_long}) {
    SCOPED_TRACE(body.substr(0, 40));
    auto token = parse_token(body);
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().code, Errc::BadGateway);
  }
}

}  // namespace
}  // namespace entrepot::upstream
