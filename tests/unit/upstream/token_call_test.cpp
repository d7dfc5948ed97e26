#include "upstream/token_call.hpp"

#include "unit/upstream/provider_fixture.hpp"
#include "unit/upstream/scripted_server.hpp"

namespace entrepot::upstream {
namespace {

using namespace std::chrono_literals;

class TokenCallTest : public ProviderTest {
 protected:
  Result<GivenToken> call(test::Reply reply, std::vector<std::string> secrets = {}) {
    test::ScriptedServer server([&](const test::Seen&) { return reply; });
    TokenCall token{
        .request = form_post(*http::Url::parse(server.url("/token")), {{"a", "b c"}, {"left", ""}, {"d", "e"}}),
        .service = "the service",
        .secrets = std::move(secrets)};
    WebClient web(config::Upstream{}, context_);
    Result<GivenToken> given = test::run_coro(io_, call_for_token(web, std::move(token)));
    seen_ = server.log();
    where_ = "the service at " + server.authority();
    return given;
  }
  std::string error(test::Reply reply, std::vector<std::string> secrets = {}) {
    Result<GivenToken> given = call(std::move(reply), std::move(secrets));
    if (given) return "no error";
    std::string message = given.error().message;
    EXPECT_TRUE(message.starts_with(where_)) << message;
    return message.substr(std::min(where_.size(), message.size()));
  }

  std::vector<test::Seen> seen_;
  std::string where_;
};

TEST_F(TokenCallTest, PostsAFormWithoutWhatHasNoValue) {
  ASSERT_TRUE(call({.body = R"({"access_token":"t"})"}));
  ASSERT_EQ(seen_.size(), 1u);
  EXPECT_EQ(seen_[0].method, "POST");
  EXPECT_EQ(seen_[0].target, "/token");
  EXPECT_EQ(seen_[0].header("content-type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(seen_[0].body, "a=b%20c&d=e");
}

TEST_F(TokenCallTest, ALifeIsANumberOrItsDigitsAndNeedNotBeThere) {
  const auto life = [&](const std::string& text) {
    return call({.body = R"({"access_token":"t","expires_in":)" + text + "}"})->life;
  };
  EXPECT_EQ(life("3599"), 3599s);
  EXPECT_EQ(life("\"3599\""), 3599s);
  EXPECT_EQ(life("1e300"), 24h);
  for (const char* none : {"0", "-5", "\"\"", "\"soon\"", "null"}) EXPECT_EQ(life(none), std::nullopt) << none;
  EXPECT_EQ(call({.body = R"({"access_token":"t"})"})->life, std::nullopt);
}

TEST_F(TokenCallTest, ARefusalIsInTheServicesWords) {
  EXPECT_EQ(error({.status = 400, .body = R"({"error":"invalid_grant","error_description":"Bad\r\nTrace ID: 5"})"}),
            " answered 400: invalid_grant: Bad");
  EXPECT_EQ(error({.status = 401, .body = R"({"error":"unauthorized_client"})"}), " answered 401: unauthorized_client");
  EXPECT_EQ(error({.status = 403, .body = R"({"error":{"code":403,"message":"No permission"}})"}),
            " answered 403: No permission");
  EXPECT_EQ(error({.status = 401, .body = R"({"errors":[{"code":"UNAUTHORIZED","message":"no rights"}]})"}),
            " answered 401: UNAUTHORIZED: no rights");
  EXPECT_EQ(error({.status = 500, .body = R"({"statusCode":500,"message":"An error"})"}), " answered 500: An error");
  EXPECT_EQ(error({.status = 404, .body = "no such account\nmore"}), " answered 404: no such account");
  EXPECT_EQ(error({.status = 502, .body = "<html>"}), " answered 502");
  EXPECT_EQ(error({.status = 302, .body = ""}), " answered 302");
  EXPECT_EQ(error({.status = 400, .body = std::string(5000, '\xc3')}).size(),
            std::string(" answered 400: ").size() + 300);
}

TEST_F(TokenCallTest, NoMessageHasASecretInAnyOfItsForms) {
  const std::string message =
      error({.status = 400, .body = R"({"error":"invalid_client","error_description":"p+ss/word p%2Bss%2Fword"})"},
            {"p+ss/word", ""});
  EXPECT_EQ(message, " answered 400: invalid_client: *** ***");
  EXPECT_EQ(error({.status = 200, .body = "p+ss/word"}), " answered 200 without a JSON object");
}

TEST_F(TokenCallTest, AnAnswerWithoutAUsableTokenIsAnError) {
  for (const char* body : {R"({})", R"({"access_token":""})", R"({"access_token":5})", R"({"token":"hunter2"})",
                           R"({"access_token":"hunter2\r\nX: y"})"}) {
    EXPECT_EQ(error({.body = body}), " answered 200 without a usable access_token") << body;
  }
}

TEST_F(TokenCallTest, WhatPassesIsTriedThreeTimes) {
  std::vector<int> statuses;
  test::ScriptedServer server([&](const test::Seen&) {
    if (statuses.empty()) return test::Reply{.body = R"({"access_token":"t"})"};
    const int status = statuses.front();
    statuses.erase(statuses.begin());
    return test::Reply{.status = status};
  });
  WebClient web(config::Upstream{}, context_);
  const auto given_after = [&](std::vector<int> first, bool local) {
    statuses = std::move(first);
    TokenCall call{.request = form_post(*http::Url::parse(server.url()), {}), .service = "s", .local = local};
    return test::run_coro(io_, call_for_token(web, std::move(call))).has_value();
  };
  EXPECT_TRUE(given_after({503, 429}, false));
  EXPECT_TRUE(given_after({404, 410}, true));
  EXPECT_FALSE(given_after({500, 502, 503}, false));
  for (int status : {400, 404, 410, 501}) EXPECT_FALSE(given_after({status}, false)) << status;
}

TEST_F(TokenCallTest, NobodyThereIsAnErrorThatNamesTheService) {
  WebClient web(config::Upstream{}, context_);
  TokenCall call{.request = form_post(*http::Url::parse("http://127.0.0.1:1/"), {}), .service = "the service"};
  Result<GivenToken> given = test::run_coro(io_, call_for_token(web, std::move(call)));
  ASSERT_FALSE(given);
  EXPECT_EQ(given.error().code, Errc::BadGateway);
  EXPECT_TRUE(given.error().message.starts_with("the service at 127.0.0.1:1: ")) << given.error().message;
}

TEST(PrivateWay, IsHttpsOrThisMachine) {
  for (const char* url : {"https://example.com/", "http://127.0.0.1:5/", "http://localhost/", "http://[::1]/"}) {
    EXPECT_TRUE(is_private_way(*http::Url::parse(url))) << url;
  }
  for (const char* url : {"http://example.com/", "http://10.0.0.1/", "http://localhost.example.com/"}) {
    EXPECT_FALSE(is_private_way(*http::Url::parse(url))) << url;
  }
}

}  // namespace
}  // namespace entrepot::upstream
