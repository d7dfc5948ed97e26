#include "http/connection_request.hpp"

#include <gtest/gtest.h>

namespace entrepot::http {
namespace {

struct Case {
  const char* what;
  std::string_view text;
  unsigned status;  // 0: handled
};

unsigned status_of(std::string_view text) {
  RequestHead head;
  std::optional<Refusal> refusal = parse_request_head(text, head);
  return refusal ? refusal->status : 0;
}

TEST(RequestHead, HasMethodTargetVersionAndFields) {
  constexpr std::string_view kText = "GET /v2/?ns=a HTTP/1.1\r\nHost: h\r\nX-Two:  a b \t\r\nEmpty:\r\n\r\n";
  RequestHead head;
  ASSERT_FALSE(parse_request_head(kText, head));
  EXPECT_EQ(head.method, "GET");
  EXPECT_EQ(head.target, "/v2/?ns=a");
  EXPECT_EQ(head.version, 11u);
  ASSERT_EQ(head.headers.size(), 3u);
  EXPECT_EQ(head.headers[1].name, "X-Two");
  EXPECT_EQ(head.headers[1].value, "a b");
  EXPECT_EQ(head.headers[2].value, "");
}

TEST(RequestHead, IsClearedForTheNextOne) {
  RequestHead head;
  ASSERT_FALSE(parse_request_head("GET /a HTTP/1.1\r\nHost: h\r\n\r\n", head));
  ASSERT_TRUE(parse_request_head("nonsense\r\n\r\n", head));
  EXPECT_EQ(head.method, "");
  EXPECT_EQ(head.target, "");
  EXPECT_TRUE(head.headers.empty());
  EXPECT_FALSE(head.keep_alive);
}

TEST(RequestHead, SaysWhetherTheConnectionGoesOn) {
  RequestHead head;
  ASSERT_FALSE(parse_request_head("GET / HTTP/1.1\r\nHost: h\r\n\r\n", head));
  EXPECT_TRUE(head.keep_alive);
  ASSERT_FALSE(parse_request_head("GET / HTTP/1.1\r\nHost: h\r\nConnection: foo, Close\r\n\r\n", head));
  EXPECT_FALSE(head.keep_alive);
  ASSERT_FALSE(parse_request_head("GET / HTTP/1.0\r\n\r\n", head));
  EXPECT_FALSE(head.keep_alive);
  ASSERT_FALSE(parse_request_head("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", head));
  EXPECT_TRUE(head.keep_alive);
}

TEST(RequestHead, IsRefused) {
  using namespace std::string_view_literals;
  const Case cases[] = {
      {"no target", "GET HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"two spaces", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"a space in the target", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"NUL in the target", "GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n"sv, 400},
      {"NUL in a value", "GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n"sv, 400},
      {"a bare CR in a value", "GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n", 400},
      {"a bare LF in a value", "GET / HTTP/1.1\r\nHost: h\r\nX: a\nb\r\n\r\n", 400},
      {"a space before the colon", "GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400},
      {"no colon", "GET / HTTP/1.1\r\nHost\r\n\r\n", 400},
      {"a folded value", "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", 400},
      {"a relative target", "GET v2/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"another scheme", "GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"no authority", "GET http:///v2/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"an asterisk", "GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\n", 505},
      {"HTTP/0.9 with a version", "GET / HTTP/0.9\r\nHost: h\r\n\r\n", 505},
      {"a version of two digits", "GET / HTTP/1.10\r\nHost: h\r\n\r\n", 400},
      {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: h\r\n\r\n", 400},
      {"another protocol", "GET / SIP/2.0\r\nHost: h\r\n\r\n", 400},
      {"GET with a body", "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n", 413},
      {"HEAD, chunked", "HEAD / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"GET, a coding that is not chunked", "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: x\r\n\r\n", 400},
      {"GET, both", "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"two lengths", "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n", 400},
      {"a negative length", "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", 400},
      {"a length that is no number", "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n", 400},
      {"POST with a body", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n", 405},
      {"PUT, chunked", "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", 405},
      {"an expectation", "GET / HTTP/1.1\r\nHost: h\r\nExpect: the-unexpected\r\n\r\n", 417},
  };
  for (const Case& c : cases) EXPECT_EQ(status_of(c.text), c.status) << c.what;
}

TEST(RequestHead, IsHandled) {
  const Case cases[] = {
      {"HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 0},
      {"an empty body", "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", 0},
      {"POST without a body", "POST / HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"PUT with an empty body", "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", 0},
      {"an expectation of nothing", "GET / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\n\r\n", 0},
      {"an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 0},
      {"CONNECT", "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"OPTIONS", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"an unknown method", "BREW /pot HTTP/1.1\r\nHost: h\r\n\r\n", 0},
  };
  for (const Case& c : cases) EXPECT_EQ(status_of(c.text), c.status) << c.what;
}

TEST(RequestHead, AbsoluteFormIsReducedToOriginForm) {
  const std::pair<std::string, std::string> cases[] = {{"http://h/v2/a?b", "/v2/a?b"},
                                                       {"HTTPS://h:5000/v2/", "/v2/"},
                                                       {"http://h", "/"},
                                                       {"http://h?ns=x", "/?ns=x"},
                                                       {"/http://h/", "/http://h/"}};
  for (const auto& [target, expected] : cases) {
    const std::string text = "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n";
    RequestHead head;
    EXPECT_FALSE(parse_request_head(text, head)) << target;
    EXPECT_EQ(head.target, expected) << target;
  }
}

TEST(HeadEnd, IsFoundHoweverTheTextArrives) {
  const std::string text = "GET / HTTP/1.1\r\nHost: h\r\n\r\nGET";
  std::size_t searched = 0;
  for (std::size_t size = 0; size < text.size() - 3; ++size) {
    ASSERT_EQ(find_head_end(std::string_view(text).substr(0, size), searched), 0u) << size;
  }
  EXPECT_EQ(find_head_end(text, searched), text.size() - 3);
}

TEST(HeadEnd, TlsIsNoRequest) {
  EXPECT_FALSE(may_be_request("\x16\x03\x01"));
  EXPECT_TRUE(may_be_request("G"));
  EXPECT_TRUE(may_be_request(""));
  EXPECT_TRUE(may_be_request("\r"));  // half of an empty line before it
  EXPECT_FALSE(may_be_request("\rG"));
}

}  // namespace
}  // namespace entrepot::http
