#include "http/connection_response.hpp"

#include <gtest/gtest.h>

namespace entrepot::http {
namespace {

struct NoSource final : BodySource {
  io::Awaitable<Result<BodyPart>> next() override { co_return BodyPart(std::monostate()); }
};

Response with(Body body, std::optional<std::uint64_t> length = {}, unsigned status = 200) {
  Response response;
  response.status = status;
  response.body = std::move(body);
  response.content_length = length;
  return response;
}

Response text(std::string body, unsigned status = 200) { return with(std::move(body), {}, status); }
Response source(std::optional<std::uint64_t> length) { return with(std::make_unique<NoSource>(), length); }

void expect_plan(const Response& response, bool is_head, unsigned version, Framing framing,
                 std::optional<std::uint64_t> length) {
  BodyPlan plan = plan_body(response, is_head, version);
  EXPECT_EQ(plan.framing, framing);
  EXPECT_EQ(plan.length, length);
}

TEST(BodyPlan, TextHasItsLength) {
  expect_plan(text("hello"), false, 11, Framing::Length, 5);
  expect_plan(text("hello"), true, 11, Framing::NoBody, 5);
  expect_plan(with(std::make_shared<const std::string>("hello")), false, 10, Framing::Length, 5);
}

TEST(BodyPlan, ASourceOfKnownLength) {
  expect_plan(source(7), false, 11, Framing::Length, 7);
  expect_plan(source(7), true, 11, Framing::NoBody, 7);
}

TEST(BodyPlan, ASourceOfUnknownLength) {
  expect_plan(source({}), false, 11, Framing::Chunked, {});
  expect_plan(source({}), false, 10, Framing::UntilClose, {});
  expect_plan(source({}), true, 11, Framing::NoBody, {});
}

TEST(BodyPlan, NoBody) {
  expect_plan(with({}), false, 11, Framing::NoBody, 0);
  expect_plan(with({}, 42), true, 11, Framing::NoBody, 42);
  expect_plan(with({}), true, 11, Framing::NoBody, {});
}

TEST(BodyPlan, StatusesThatHaveNone) {
  expect_plan(text("", 204), false, 11, Framing::NoBody, {});
  expect_plan(text("x", 304), false, 11, Framing::NoBody, {});
}

std::string head(unsigned status, BodyPlan plan, unsigned version, bool keep_alive) {
  Response response;
  response.status = status;
  response.headers.add("X", "y");
  std::string out = "what was there before";
  write_response_head(out, response, plan, version, keep_alive);
  std::size_t date = out.find("Date: ");
  EXPECT_EQ(out.substr(date + 31, 6), " GMT\r\n");  // a fixed length, RFC 9110, 5.6.7
  return out.erase(date, 37);
}

TEST(ResponseHead, IsWritten) {
  EXPECT_EQ(head(200, {Framing::Length, 12}, 11, true), "HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 12\r\n\r\n");
  EXPECT_EQ(head(206, {Framing::Chunked, {}}, 11, true),
            "HTTP/1.1 206 Partial Content\r\nX: y\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(head(404, {Framing::Length, 0}, 11, false),
            "HTTP/1.1 404 Not Found\r\nX: y\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(head(200, {Framing::Length, 0}, 10, true),
            "HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n");
}

}  // namespace
}  // namespace entrepot::http
