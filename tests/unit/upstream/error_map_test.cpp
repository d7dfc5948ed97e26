#include "upstream/error_map.hpp"

#include <gtest/gtest.h>

namespace entrepot::upstream {
namespace {

TEST(ErrorMap, TheCauseIsWhatTheAnswerSays) {
  struct Case {
    Answerer answerer;
    unsigned status;
    const char* api_code;
    Errc code;
  };
  using enum Answerer;
  const Case cases[] = {
      {Registry, 404, "MANIFEST_UNKNOWN", Errc::NotFound},
      {Registry, 410, "", Errc::NotFound},
      {Registry, 401, "UNAUTHORIZED", Errc::Denied},
      {Registry, 403, "DENIED", Errc::Denied},
      {Registry, 429, "TOOMANYREQUESTS", Errc::RateLimited},
      {Registry, 503, "UNAVAILABLE", Errc::Unavailable},
      {Registry, 500, "UNKNOWN", Errc::BadGateway},
      {Registry, 502, "", Errc::BadGateway},
      {Registry, 504, "", Errc::BadGateway},
      {Registry, 400, "NAME_INVALID", Errc::NotFound},
      {Registry, 400, "TAG_INVALID", Errc::NotFound},
      {Registry, 400, "", Errc::BadGateway},
      {Registry, 405, "UNSUPPORTED", Errc::BadGateway},
      {Registry, 416, "", Errc::BadGateway},
      {Registry, 204, "", Errc::BadGateway},
      {Registry, 304, "", Errc::BadGateway},
      {Storage, 404, "", Errc::NotFound},
      {Storage, 400, "", Errc::BadGateway},
      {Storage, 401, "", Errc::BadGateway},
      {Storage, 403, "", Errc::BadGateway},
      {Storage, 429, "", Errc::RateLimited},
      {Storage, 503, "", Errc::Unavailable},
      {TokenEndpoint, 401, "UNAUTHORIZED", Errc::Denied},
      {TokenEndpoint, 403, "DENIED", Errc::Denied},
      {TokenEndpoint, 404, "", Errc::BadGateway},
      {TokenEndpoint, 400, "NAME_INVALID", Errc::BadGateway},
      {TokenEndpoint, 302, "", Errc::BadGateway},
      {TokenEndpoint, 429, "", Errc::RateLimited},
      {TokenEndpoint, 500, "", Errc::BadGateway},
      {TokenEndpoint, 503, "", Errc::Unavailable},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::to_string(c.status) + " " + c.api_code);
    std::string body = std::string(R"({"errors":[{"code":")") + c.api_code + R"(","message":"why"}]})";
    ErrorAnswer answer{.answerer = c.answerer,
                       .status = c.status,
                       .content_type = "application/json",
                       .body = *c.api_code == '\0' ? std::string_view() : std::string_view(body)};
    EXPECT_EQ(error_from(answer, Time()).code, c.code);
  }
}

TEST(ErrorMap, TheMessageIsTheUpstreams) {
  ErrorAnswer answer{.status = 404,
                     .content_type = "application/json",
                     .body = R"({"errors":[{"code":"NAME_UNKNOWN","message":"repository not known"}]})",
                     .where = "reg.example/v2/a/manifests/1"};
  Error error = error_from(answer, Time());
  EXPECT_EQ(error.message, "repository not known");
  EXPECT_EQ(error.api_code, "NAME_UNKNOWN");
}

TEST(ErrorMap, WithoutAMessageItSaysStatusAndPlace) {
  ErrorAnswer answer{.status = 500, .where = "reg.example/v2/a/manifests/1"};
  EXPECT_EQ(error_from(answer, Time()).message, "status 500 from reg.example/v2/a/manifests/1");
}

TEST(ErrorMap, ANamedErrorSaysWhose) {
  Error error =
      named("up", {.code = Errc::RateLimited, .message = "slow down", .retry_after = std::chrono::seconds(5)});
  EXPECT_EQ(error.message, "up: slow down");
  EXPECT_EQ(error.retry_after, std::chrono::seconds(5));
}

TEST(ErrorMap, AStoragesOwnTextIsNotRepeated) {
  ErrorAnswer answer{.answerer = Answerer::Storage,
                     .status = 403,
                     .content_type = "application/xml",
                     .body = "<Error><StringToSign>X-Amz-Signature=secret</StringToSign></Error>",
                     .where = "cdn.example/blob"};
  EXPECT_EQ(error_from(answer, Time()).message, "status 403 from cdn.example/blob");
}

TEST(ErrorMap, RetryAfterIsKeptWhereItMatters) {
  ErrorAnswer answer{.status = 429, .retry_after = "60"};
  EXPECT_EQ(error_from(answer, Time()).retry_after, std::chrono::seconds(60));
  answer.status = 503;
  EXPECT_EQ(error_from(answer, Time()).retry_after, std::chrono::seconds(60));
  answer.status = 404;
  EXPECT_EQ(error_from(answer, Time()).retry_after, std::chrono::seconds(0));
}

}  // namespace
}  // namespace entrepot::upstream
