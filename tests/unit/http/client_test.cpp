// What goes out, and what an answer may look like.
#include "entrepot/http/client.hpp"

#include <cstring>

#include "unit/http/client_fixture.hpp"

namespace entrepot::http {
namespace {

TEST_F(ClientTest, WritesItsOwnHeadersBeforeTheCallers) {
  std::string seen;
  ScriptedServer server({[&seen](Peer& peer) {
    seen = peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  }});
  ClientRequest request = request_to(server);
  request.url.target = "/v2/a%2Fb|?x=\"1\"";
  request.headers.add("Accept", "*/*");
  ASSERT_TRUE(send(std::move(request)));
  EXPECT_EQ(seen, "GET /v2/a%2Fb|?x=\"1\" HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
                      "\r\nUser-Agent: entrepot\r\nAccept-Encoding: identity\r\nAccept: */*\r\n\r\n");
}

TEST_F(ClientTest, APostHasALengthAndItsBody) {
  std::string seen;
  ScriptedServer server({[&seen](Peer& peer) {
    seen = peer.read_request();
    seen += peer.read_request();
    peer.send("HTTP/1.1 204 No Content\r\n\r\n");
  }});
  ClientRequest request = request_to(server, "POST");
  request.body = "grant_type=password\r\n\r\n";
  ASSERT_TRUE(send(std::move(request)));
  EXPECT_TRUE(seen.starts_with("POST /v2/ HTTP/1.1\r\n")) << seen;
  EXPECT_TRUE(seen.ends_with("\r\nContent-Length: 23\r\n\r\ngrant_type=password\r\n\r\n")) << seen;
}

TEST_F(ClientTest, AnswersHaveStatusHeadersAndBody) {
  ScriptedServer server(
      {answering("HTTP/1.1 404 Not Found\r\nX-A: 1\r\nLink: a\r\nlink: b\r\nContent-Length: 5\r\n\r\nhello")});
  Answer answer = get(server);
  ASSERT_TRUE(answer);
  EXPECT_EQ((*answer)->status(), 404u);
  EXPECT_EQ((*answer)->header("x-a"), "1");
  EXPECT_EQ((*answer)->header("absent"), "");
  EXPECT_EQ((*answer)->header_values("Link"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ((*answer)->content_length(), 5u);
  EXPECT_EQ((*answer)->peer_kind(), AddressKind::Loopback);
  EXPECT_EQ(read_all(**answer).value(), "hello");
  EXPECT_EQ(read_all(**answer).value(), "") << "past its end a body stays at its end";
}

TEST_F(ClientTest, BodiesEndAsTheirFramingSays) {
  struct Case {
    std::string answer, body;
  };
  for (const Case& c : {
           Case{"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "abc"},
           Case{"HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\nContent-Length: 3\r\n\r\nabc", "abc"},
           Case{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""},
           Case{"HTTP/1.1 200 OK\r\n\r\nabc", "abc"},
           Case{"HTTP/1.0 200 OK\r\n\r\n", ""},
           Case{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ""},
           Case{"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0;z\r\nT: "
                "1\r\n\r\n",
                "abc0123456789"},
           Case{"HTTP/1.1 204 No Content\r\n\r\n", ""},
           Case{"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", ""},
       }) {
    ScriptedServer whole({answering(c.answer)});
    EXPECT_EQ(body_from(whole).value(), c.body) << c.answer;
    ScriptedServer in_pieces({[&c](Peer& peer) {
      peer.read_request();
      for (char byte : c.answer) peer.send({&byte, 1});
    }});
    EXPECT_EQ(body_from(in_pieces).value(), c.body) << c.answer;
  }
}

TEST_F(ClientTest, ABodyThatEndsEarlyIsAnError) {
  struct Case {
    std::string rest, message;
  };
  for (const Case& c : {
           Case{"Content-Length: 10\r\n\r\nabc", "after 3 of 10 bytes"},
           Case{"Transfer-Encoding: chunked\r\n\r\n5\r\nab", "after 2 bytes"},
           Case{"Transfer-Encoding: chunked\r\n\r\n2\r\nab", "after 2 bytes"},
           Case{"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n", "after 2 bytes"},
           Case{"Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n", "a chunk longer than it says"},
           Case{"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", "a chunk without a size"},
           Case{"Transfer-Encoding: chunked\r\n\r\n-1\r\n", "a chunk without a size"},
           Case{"Transfer-Encoding: chunked\r\n\r\n11111111111111111\r\n", "a chunk without a size"},
       }) {
    ScriptedServer server({answering("HTTP/1.1 200 OK\r\n" + c.rest)});
    Answer answer = get(server);
    ASSERT_TRUE(answer) << c.rest;
    for (int again = 0; again < 2; ++again) {
      auto body = read_all(**answer);
      ASSERT_FALSE(body) << c.rest;
      expect_error(body.error(), Errc::BadGateway, c.message);
      expect_error(body.error(), Errc::BadGateway, "127.0.0.1:" + std::to_string(server.port()));
    }
  }
}

TEST_F(ClientTest, AHeadHasALengthAndNoBody) {
  ScriptedServer server({[](Peer& peer) {
    peer.answer("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nContent-Encoding: gzip\r\n\r\n");
    peer.answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  }});
  for (std::optional<std::uint64_t> length : {std::optional<std::uint64_t>(1000), {}}) {
    Answer answer = send(request_to(server, "HEAD"));
    ASSERT_TRUE(answer);
    EXPECT_EQ((*answer)->content_length(), length);
    EXPECT_EQ(read_all(**answer).value(), "");
  }
  EXPECT_EQ(server.connections(), 1u);
}

TEST_F(ClientTest, InterimAnswersAreSkipped) {
  ScriptedServer server({answering(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
      "2\r\n\r\nok")});
  Answer answer = get(server);
  ASSERT_TRUE(answer);
  EXPECT_EQ((*answer)->header("Link"), "");
  EXPECT_EQ(read_all(**answer).value(), "ok");
}

// Docker Hub's abuse limit, as it was captured (docker/hub-feedback#1907).
TEST_F(ClientTest, AnAnswerWithBareLineFeedsIsRead) {
  ScriptedServer server({answering(
      "HTTP/1.1 429 Too Many Requests\nCache-Control: no-cache\nConnection: close\nContent-Type: text/plain\n"
      "Retry-After: 60\n\nToo Many Requests (HAP429).\n")});
  Answer answer = get(server);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ((*answer)->status(), 429u);
  EXPECT_EQ((*answer)->header("Retry-After"), "60");
  EXPECT_EQ(read_all(**answer).value(), "Too Many Requests (HAP429).\n");
}

TEST_F(ClientTest, WhatIsNoAnswerIsBadGateway) {
  struct Case {
    std::string answer, message;
  };
  for (const Case& c : {
           Case{"", "closed before the answer"},
           Case{"HTTP/1.1 200 OK\r\nX: 1\r\n", "closed before the answer"},
           Case{"SSH-2.0-OpenSSH\r\n\r\n", "not an HTTP answer"},
           Case{"HTTP/2.0 200 OK\r\n\r\n", "not an HTTP answer"},
           Case{"HTTP/1.1 200 OK\r\nA: 1\nB: 2\r\n\r\n", "not an HTTP answer"},
           Case{"HTTP/1.1 101 Switching Protocols\r\n\r\n", "change of protocol"},
           Case{"HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n", "header too large"},
       }) {
    ScriptedServer server({answering(c.answer)});
    Answer answer = get(server);
    ASSERT_FALSE(answer) << c.message;
    expect_error(answer.error(), Errc::BadGateway, c.message);
    expect_error(answer.error(), Errc::BadGateway, "127.0.0.1:" + std::to_string(server.port()));
  }
}

TEST_F(ClientTest, ALongHeaderIsRead) {
  std::string location = "https://cdn.example/" + std::string(60'000, 'x');
  ScriptedServer server({answering("HTTP/1.1 307 Moved\r\nLocation: " + location + "\r\nContent-Length: 0\r\n\r\n")});
  Answer answer = get(server);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ((*answer)->header("Location"), location);
}

TEST_F(ClientTest, ReadAllRefusesWhatIsLongerThanItsLimit) {
  for (std::string head :
       {"Content-Length: 5\r\n\r\nabcde", "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"}) {
    ScriptedServer server({answering("HTTP/1.1 200 OK\r\n" + head), answering("HTTP/1.1 200 OK\r\n" + head)});
    Answer exact = get(server);
    EXPECT_EQ(read_all(**exact, 5).value(), "abcde");
    client_.reset();
    Answer longer = get(server);
    auto body = read_all(**longer, 4);
    ASSERT_FALSE(body);
    expect_error(body.error(), Errc::BadGateway, "more than 4 bytes");
  }
}

TEST_F(ClientTest, ALargeBodyArrivesByteForByteInBuffersOfAnySize) {
  std::string body(50'000'000, '\0');
  std::uint32_t state = 1;
  for (char& byte : body) byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  const std::string header = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  ScriptedServer server({[&](Peer& peer) {
    while (!peer.read_request().empty()) peer.send(header), peer.send(body);
  }});
  for (std::size_t size : {std::size_t{5'000}, std::size_t{256 * 1024}, std::size_t{4 << 20}}) {
    Answer answer = get(server);
    ASSERT_TRUE(answer);
    std::vector<std::byte> bytes(size);
    std::size_t total = 0;
    while (true) {
      auto count = read(**answer, bytes);
      ASSERT_TRUE(count) << count.error().message;
      if (*count == 0) break;
      ASSERT_LE(total + *count, body.size());
      ASSERT_EQ(std::memcmp(bytes.data(), body.data() + total, *count), 0) << "at " << total;
      total += *count;
    }
    EXPECT_EQ(total, body.size());
  }
  EXPECT_EQ(server.connections(), 1u);
  client_.reset();
}

}  // namespace
}  // namespace entrepot::http
