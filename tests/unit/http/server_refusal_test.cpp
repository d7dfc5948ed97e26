// Requests that never reach the handler. The client must be able to read why.
#include "unit/http/server_fixture.hpp"

namespace entrepot::http::test {
namespace {

class ServerRefusal : public ServerFixture {
 protected:
  ServerRefusal() { serve_text("handled"); }

  void expect_refused(std::string_view request, unsigned status) {
    RawClient client = connect_and_send(request);
    auto answer = client.receive();
    EXPECT_EQ(answer.status(), status) << request.substr(0, 60);
    EXPECT_TRUE(answer.has("Connection: close")) << request.substr(0, 60);
    EXPECT_TRUE(answer.whole);
    EXPECT_TRUE(client.ended_with_fin()) << request.substr(0, 60);
  }
};

TEST_F(ServerRefusal, BadGrammar) { expect_refused("GET /\r\n\r\n", 400); }
TEST_F(ServerRefusal, AnotherVersion) { expect_refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505); }
TEST_F(ServerRefusal, NoHost) { expect_refused("GET / HTTP/1.1\r\n\r\n", 400); }
TEST_F(ServerRefusal, Expectation) { expect_refused("GET / HTTP/1.1\r\nHost: h\r\nExpect: x\r\n\r\n", 417); }
TEST_F(ServerRefusal, TlsIsToldAtOnce) { expect_refused(std::string_view("\x16\x03\x01\x02\x00\x01", 6), 400); }

TEST_F(ServerRefusal, ABodyThatTheClientGoesOnSending) {
  std::string upload = "PUT /v2/a/blobs/uploads/1 HTTP/1.1\r\nHost: h\r\nContent-Length: 4000000\r\n\r\n";
  upload.append(4'000'000, 'u');
  expect_refused(upload, 405);
}

TEST_F(ServerRefusal, ABodyInARequestThatReads) {
  expect_refused("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", 413);
  expect_refused("GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400);
}

TEST_F(ServerRefusal, AHeadThatIsTooLarge) {
  const std::string field = "X: " + std::string(40'000, 'x');
  expect_refused("GET / HTTP/1.1\r\nHost: h\r\n" + field + "\r\n\r\n", 431);
  expect_refused("GET / HTTP/1.1\r\nHost: h\r\n" + field, 431);
}

TEST_F(ServerRefusal, AHeadWithinTheLimitIsHandled) {
  const std::string field = "X: " + std::string(32'000, 'x');
  EXPECT_EQ(connect_and_send("GET / HTTP/1.1\r\nHost: h\r\n" + field + "\r\n\r\n").receive().body, "handled");
}

TEST_F(ServerRefusal, WhatFollowsARefusedRequestIsNeverARequest) {
  RawClient client = connect_and_send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 28\r\n\r\n" + std::string(kGet));
  EXPECT_EQ(client.receive().status(), 405u);
  EXPECT_EQ(client.receive_all(), "");
  EXPECT_EQ(log(1).size(), 1u);
}

TEST_F(ServerRefusal, AWriteWithoutABodyReachesTheHandler) {
  RawClient client = connect();
  EXPECT_EQ(client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").receive().body, "handled");
  EXPECT_EQ(client.send("DELETE / HTTP/1.1\r\nHost: h\r\n\r\n").receive().body, "handled");
  EXPECT_EQ(client.send("GET / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n").receive().body, "handled");
}

TEST_F(ServerRefusal, OfAHeadRequestHasNoBody) {
  RawClient client = connect_and_send("HEAD / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n");
  const std::string all = client.receive_all();
  EXPECT_TRUE(all.starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(all.ends_with("\r\n\r\n"));
}

}  // namespace
}  // namespace entrepot::http::test
