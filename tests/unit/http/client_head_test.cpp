#include "http/client/head.hpp"

#include <gtest/gtest.h>

namespace entrepot::http::client {
namespace {

TEST(Head, SaysWhetherThereIsABodyAndWhetherTheConnectionStays) {
  struct Case {
    std::string_view block;
    bool is_head, has_body, keep_alive;
  };
  for (const Case& c : {
           Case{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", false, true, true},
           Case{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", true, false, true},
           Case{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n", false, true, false},
           Case{"HTTP/1.1 200 OK\r\n\r\n", false, true, false},
           Case{"HTTP/1.1 200 OK\r\n\r\n", true, false, true},
           Case{"HTTP/1.1 204 No Content\r\n\r\n", false, false, true},
           Case{"HTTP/1.1 304 Not Modified\r\n\r\n", false, false, true},
           Case{"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", false, true, false},
           Case{"HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\n", false, true, true},
           Case{"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n", false, true, true},
       }) {
    auto head = parse_head(c.block, c.is_head);
    ASSERT_TRUE(head) << c.block;
    EXPECT_EQ(head->has_body, c.has_body) << c.block;
    EXPECT_EQ(head->keep_alive, c.keep_alive) << c.block;
  }
}

TEST(Head, AmbiguousFramingIsRefused) {
  for (std::string_view fields : {
           "Content-Length: 5\r\nTransfer-Encoding: chunked",
           "Transfer-Encoding: chunked\r\nContent-Length: 5",
           "Transfer-Encoding: gzip\r\nContent-Length: 5",
           "Transfer-Encoding: gzip",
           "Transfer-Encoding: gzip, chunked",
           "Transfer-Encoding: chunked, gzip",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
           "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
           "Content-Length: 5\r\nContent-Length: 6",
           "Content-Length: 5, 6",
           "Content-Length: -5",
           "Content-Length: 5x",
           "Content-Length: 18446744073709551616",
           "Content-Length:",
       }) {
    EXPECT_FALSE(parse_head("HTTP/1.1 200 OK\r\n" + std::string(fields) + "\r\n\r\n", false)) << fields;
  }
  EXPECT_FALSE(parse_head("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false));
}

TEST(Head, AnEncodedBodyIsRefusedUnlessItIsThatOfAnError) {
  EXPECT_FALSE(parse_head("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", false));
  EXPECT_FALSE(parse_head("HTTP/1.1 206 Partial\r\nContent-Encoding: identity\r\nContent-Encoding: br\r\n\r\n", false));
  EXPECT_TRUE(parse_head("HTTP/1.1 200 OK\r\nContent-Encoding: Identity\r\n\r\n", false));
  EXPECT_TRUE(parse_head("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", true));
  EXPECT_TRUE(parse_head("HTTP/1.1 404 Not Found\r\nContent-Encoding: gzip\r\n\r\n", false));
}

TEST(Head, LinesMayEndWithBareLineFeedsIfAllDo) {
  EXPECT_EQ(parse_head("HTTP/1.1 200 OK\nA: b\n\n", false)->fields["a"], "b");
  EXPECT_FALSE(parse_head("HTTP/1.1 200 OK\r\nA: b\n\r\n", false));
  EXPECT_FALSE(parse_head("HTTP/1.1 200 OK\nA: b\r\n\r\n", false));
}

}  // namespace
}  // namespace entrepot::http::client
