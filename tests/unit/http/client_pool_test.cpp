// Which connection a request goes out on.
#include "unit/http/client_fixture.hpp"

namespace entrepot::http {
namespace {

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

TEST_F(ClientTest, AConnectionIsUsedAgainOnceTheBodyWasRead) {
  ScriptedServer server({[](Peer& peer) {
    for (int i = 0; i < 3; ++i) peer.answer(kOk);
  }});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(body_from(server).value(), "ok");
  EXPECT_EQ(server.connections(), 1u);
}

TEST_F(ClientTest, AConnectionIsUsedAgainThoughABufferedBodyWasNotRead) {
  ScriptedServer server({[](Peer& peer) {
    for (int i = 0; i < 2; ++i) peer.answer(kOk);
  }});
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(get(server));
  EXPECT_EQ(server.connections(), 1u);
}

TEST_F(ClientTest, AnExchangeThatIsDroppedBeforeItsEndClosesItsConnection) {
  std::atomic<bool> closed{false};
  {
    ScriptedServer server({[&](Peer& peer) {
                             peer.answer("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
                             closed = peer.wait_for_close();
                           },
                           answering(kOk)});
    EXPECT_TRUE(get(server));
    EXPECT_EQ(body_from(server).value(), "ok");
    EXPECT_EQ(server.connections(), 2u);
  }
  EXPECT_TRUE(closed);
}

TEST_F(ClientTest, AConnectionIsNotUsedAgainWhenTheAnswerSaysSo) {
  for (std::string answer : {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
                             "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\n\r\nok",
                             "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more"}) {
    ScriptedServer server({answering(answer), answering(answer)});
    EXPECT_EQ(body_from(server).value(), "ok") << answer;
    EXPECT_EQ(body_from(server).value(), "ok") << answer;
    EXPECT_EQ(server.connections(), 2u) << answer;
  }
}

TEST_F(ClientTest, AConnectionThatWasClosedWhileIdleIsReplaced) {
  ScriptedServer server({answering(kOk), answering(kOk)});
  EXPECT_EQ(body_from(server).value(), "ok");
  EXPECT_EQ(body_from(server).value(), "ok");
  EXPECT_EQ(server.connections(), 2u);
}

// The peer closes just when the next request is under way to it.
ScriptedServer::Script leaving_without_an_answer(std::string last_words = "") {
  return [last_words](Peer& peer) {
    peer.answer(kOk);
    peer.read_request();
    peer.send(last_words);
  };
}

TEST_F(ClientTest, ARequestThatAnIdleConnectionDidNotTakeIsSentAgainOnce) {
  ScriptedServer server({leaving_without_an_answer(), answering(kOk)});
  EXPECT_EQ(body_from(server).value(), "ok");
  EXPECT_EQ(body_from(server).value(), "ok");
  EXPECT_EQ(server.connections(), 2u);
}

TEST_F(ClientTest, TheSecondConnectionIsNotReplaced) {
  ScriptedServer server({leaving_without_an_answer(), answering(""), answering(kOk)});
  EXPECT_EQ(body_from(server).value(), "ok");
  EXPECT_FALSE(get(server));
  EXPECT_EQ(server.connections(), 2u);
}

TEST_F(ClientTest, ARequestIsNotSentAgainAfterAByteOfItsAnswer) {
  ScriptedServer server({leaving_without_an_answer("H"), answering(kOk)});
  EXPECT_EQ(body_from(server).value(), "ok");
  Answer answer = get(server);
  ASSERT_FALSE(answer);
  expect_error(answer.error(), Errc::BadGateway, "closed before the answer");
  EXPECT_EQ(server.connections(), 1u);
}

TEST_F(ClientTest, APostIsNotSentAgainOnceItWasWritten) {
  ScriptedServer server({leaving_without_an_answer(), answering(kOk)});
  EXPECT_EQ(body_from(server).value(), "ok");
  EXPECT_FALSE(send(request_to(server, "POST")));
  EXPECT_EQ(server.connections(), 1u);
}

TEST_F(ClientTest, AtMostSixteenConnectionsAreKeptForAnOrigin) {
  constexpr int kConcurrent = 20;
  ScriptedServer::Script keep_answering = [](Peer& peer) {
    while (!peer.read_request().empty()) peer.send(kOk);
  };
  ScriptedServer server(std::vector<ScriptedServer::Script>(2 * kConcurrent, keep_answering));
  for (std::size_t expected : {kConcurrent, kConcurrent + kConcurrent - 16}) {
    std::vector<Answer> answers;
    for (int i = 0; i < kConcurrent; ++i) answers.push_back(get(server));
    for (Answer& answer : answers) EXPECT_EQ(read_all(**answer).value(), "ok");
    EXPECT_EQ(server.connections(), expected);
  }
  client_.reset();
}

TEST_F(ClientTest, AnIdleConnectionIsOnlyForThoseWhoMayGoToItsAddress) {
  ScriptedServer server({answering(kOk)});
  EXPECT_EQ(body_from(server).value(), "ok");
  ClientRequest request = request_to(server);
  request.addresses = AddressRule{};
  Answer answer = send(std::move(request));
  ASSERT_FALSE(answer);
  expect_error(answer.error(), Errc::BadGateway, "loopback");
  EXPECT_EQ(server.connections(), 1u);
}

}  // namespace
}  // namespace entrepot::http
