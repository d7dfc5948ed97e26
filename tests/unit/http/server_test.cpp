// Keep-alive, pipelining, and how bodies are delimited.
#include "entrepot/http/server.hpp"
#include "support/sanitizers.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <thread>

#include "unit/http/server_fixture.hpp"

namespace entrepot::http::test {
namespace {

using ServerTest = ServerFixture;

TEST_F(ServerTest, AnswersOneRequestAfterTheOther) {
  serve([](const Request& request) { return text_response("you asked for " + std::string(request.target)); });
  RawClient client = connect();
  for (std::string target : {"/a", "/b", "/c?d"}) {
    auto answer = client.send("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n").receive();
    EXPECT_EQ(answer.status(), 200u);
    EXPECT_TRUE(answer.whole);
    EXPECT_TRUE(answer.has_field("Date"));
    EXPECT_FALSE(answer.has_field("Server"));
    EXPECT_FALSE(answer.has_field("Connection"));
    EXPECT_EQ(answer.body, "you asked for " + target);
  }
}

TEST_F(ServerTest, AnswersAndGoesOnWhereItsHandlerFails) {
  serve([](const Request& request) -> Response {
    if (request.target == "/fail") throw std::runtime_error("a bug");
    return text_response("fine");
  });
  RawClient client = connect_and_send("GET /fail HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.receive().status(), 500u);
  EXPECT_EQ(client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").receive().body, "fine");
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  serve([](const Request& request) { return text_response(std::string(request.target)); });
  std::string requests;
  for (int i = 0; i < 500; ++i) requests += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n";
  RawClient client = connect_and_send(requests);
  for (int i = 0; i < 500; ++i) ASSERT_EQ(client.receive().body, "/" + std::to_string(i));
}

TEST_F(ServerTest, AnswersARequestThatArrivesByteByByte) {
  serve([](const Request& request) { return text_response(std::string(request.header("X"))); });
  RawClient client = connect();
  for (char c : std::string_view("\r\nGET / HTTP/1.1\r\nHost: h\r\nX: value\r\n\r\n")) client.send({&c, 1});
  EXPECT_EQ(client.receive().body, "value");
}

TEST_F(ServerTest, TheHandlerSeesThePeerAndTheListener) {
  serve([](const Request& request) {
    return text_response(std::string(request.client) + " " + std::to_string(request.listener) + " " +
                         std::to_string(request.id));
  });
  EXPECT_TRUE(connect_and_send(kGet).receive().body.starts_with("127.0.0.1:"));
  EXPECT_TRUE(connect_and_send(kGet).receive().body.ends_with(" 0 2"));
}

TEST_F(ServerTest, ClosesWhenAskedTo) {
  serve_text("hello");
  RawClient client = connect_and_send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  auto answer = client.receive();
  EXPECT_TRUE(answer.has("Connection: close"));
  EXPECT_EQ(answer.body, "hello");
  EXPECT_TRUE(client.ended_with_fin());
}

TEST_F(ServerTest, Http10ClosesUnlessAskedToStay) {
  serve_text("hello");
  RawClient client = connect_and_send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  auto kept = client.receive();
  EXPECT_TRUE(kept.has("Connection: keep-alive"));
  EXPECT_EQ(kept.body, "hello");
  auto last = client.send("GET / HTTP/1.0\r\n\r\n").receive();
  EXPECT_TRUE(last.has("Connection: close"));
  EXPECT_EQ(last.body, "hello");
  EXPECT_TRUE(client.ended_with_fin());
}

TEST_F(ServerTest, AClientThatHasEndedItsSideStillGetsItsAnswer) {
  serve([](const Request&) { return source_response({50ms, "late"}, 4); });
  RawClient client = connect_and_send(kGet);
  client.end_sending();
  EXPECT_EQ(client.receive().body, "late");
  EXPECT_TRUE(client.ended_with_fin());
}

TEST_F(ServerTest, HeadHasTheLengthAndNoBody) {
  serve([](const Request& request) {
    if (request.target == "/text") return text_response("hello");
    if (request.target == "/length") return source_response({Fail{}}, 12345);
    return source_response({Fail{}});
  });
  RawClient client = connect();
  auto text = client.send("HEAD /text HTTP/1.1\r\nHost: h\r\n\r\n").receive(true);
  EXPECT_TRUE(text.has("Content-Length: 5"));
  auto length = client.send("HEAD /length HTTP/1.1\r\nHost: h\r\n\r\n").receive(true);
  EXPECT_TRUE(length.has("Content-Length: 12345"));
  auto unknown = client.send("HEAD /unknown HTTP/1.1\r\nHost: h\r\n\r\n").receive(true);
  EXPECT_EQ(unknown.status(), 200u);
  EXPECT_FALSE(unknown.has_field("Content-Length"));
  EXPECT_FALSE(unknown.has_field("Transfer-Encoding"));
}

TEST_F(ServerTest, SharedText) {
  auto text = std::make_shared<const std::string>("shared with a cache");
  serve([text](const Request&) {
    Response response;
    response.body = text;
    return response;
  });
  EXPECT_EQ(connect_and_send(kGet).receive().body, *text);
}

TEST_F(ServerTest, TextLargerThanTheSocketsBuffer) {
  const std::string text(20'000'000, 't');
  serve_text(text);
  auto answer = connect_and_send(kGet).receive();
  EXPECT_TRUE(answer.body == text);
}

TEST_F(ServerTest, ABodyOfUnknownLengthIsChunked) {
  serve([](const Request&) { return source_response({"abc", "", 20ms, std::string(100'000, 'x')}); });
  RawClient client = connect();
  for (int i = 0; i < 2; ++i) {
    auto answer = client.send(kGet).receive();
    EXPECT_TRUE(answer.has("Transfer-Encoding: chunked"));
    EXPECT_FALSE(answer.has_field("Content-Length"));
    EXPECT_TRUE(answer.whole);
    EXPECT_EQ(answer.body, "abc" + std::string(100'000, 'x'));
  }
}

TEST_F(ServerTest, AnEmptyBodyOfUnknownLengthIsOneLastChunk) {
  serve([](const Request&) { return source_response({}); });
  RawClient client = connect();
  for (int i = 0; i < 2; ++i) {
    auto answer = client.send(kGet).receive();
    EXPECT_TRUE(answer.whole);
    EXPECT_EQ(answer.body, "");
  }
}

TEST_F(ServerTest, ToHttp10ABodyOfUnknownLengthGoesToTheEnd) {
  serve([](const Request&) { return source_response({"abc", "def"}); });
  RawClient client = connect_and_send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const std::string all = client.receive_all();
  EXPECT_NE(all.find("\r\nConnection: close\r\n"), std::string::npos);
  EXPECT_EQ(all.find("Transfer-Encoding"), std::string::npos);
  EXPECT_TRUE(all.ends_with("\r\n\r\nabcdef")) << all;
  EXPECT_TRUE(client.ended_with_fin());
}

TEST_F(ServerTest, ASourceOfNoBytesIsNotAsked) {
  serve([](const Request&) { return source_response({Fail{}}, 0); });
  RawClient client = connect();
  EXPECT_TRUE(client.send(kGet).receive().has("Content-Length: 0"));
  EXPECT_TRUE(client.send(kGet).receive().whole);
}

TEST_F(ServerTest, NoMoreIsSentThanAnnounced) {
  serve([](const Request&) { return source_response({"abcdef", "ghi"}, 4); });
  RawClient client = connect();
  EXPECT_EQ(client.send(kGet).receive().body, "abcd");
  EXPECT_EQ(client.send(kGet).receive().body, "abcd");
}

TEST_F(ServerTest, AStatusWithoutBodyHasNoLength) {
  serve([](const Request&) {
    Response response = text_response("not to be seen");
    response.status = 304;
    return response;
  });
  RawClient client = connect();
  for (int i = 0; i < 2; ++i) {
    auto answer = client.send(kGet).receive(true);
    EXPECT_EQ(answer.status(), 304u);
    EXPECT_FALSE(answer.has_field("Content-Length"));
  }
}

TEST_F(ServerTest, ABodyThatFailsEndsWithAFin) {
  serve([](const Request&) { return source_response({"half", 20ms, Fail{}}, 8); });
  RawClient client = connect_and_send(std::string(kGet) + std::string(kGet));  // the second is never read
  auto answer = client.receive();
  EXPECT_EQ(answer.body, "half");
  EXPECT_FALSE(answer.whole);
  EXPECT_TRUE(client.ended_with_fin());
  auto lines = log(1);
  EXPECT_EQ(lines[0].bytes_sent, 4u);
  EXPECT_FALSE(lines[0].complete);
}

TEST_F(ServerTest, ABodyThatFailsAtOnceStillHasItsHead) {
  serve([](const Request&) { return source_response({Fail{}}, 8); });
  RawClient client = connect_and_send(kGet);
  EXPECT_TRUE(client.receive().has("Content-Length: 8"));
  EXPECT_TRUE(client.ended_with_fin());
}

TEST_F(ServerTest, ABodyShorterThanAnnouncedEndsWithAFin) {
  serve([](const Request&) { return source_response({"half"}, 8); });
  RawClient client = connect_and_send(kGet);
  EXPECT_FALSE(client.receive().whole);
  EXPECT_TRUE(client.ended_with_fin());
}

TEST_F(ServerTest, AChunkedBodyThatFailsHasNoLastChunk) {
  serve([](const Request&) { return source_response({"half", Fail{}}); });
  RawClient client = connect_and_send(kGet);
  EXPECT_TRUE(client.receive_all().ends_with("\r\n\r\n4\r\nhalf"));
  EXPECT_TRUE(client.ended_with_fin());
}

TEST_F(ServerTest, LogsEachResponseOnce) {
  serve([](const Request& request) {
    return request.target == "/text" ? text_response("hello") : source_response({"abc", "de"});
  });
  RawClient client = connect_and_send("GET /text HTTP/1.1\r\nHost: h\r\n\r\nHEAD /text HTTP/1.1\r\nHost: h\r\n\r\n");
  client.send("GET /chunks HTTP/1.1\r\nHost: h\r\n\r\nGARBAGE\r\n\r\n");
  client.receive_all();
  auto lines = log(4);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0].bytes_sent, 5u);
  EXPECT_EQ(lines[1].method, "HEAD");
  EXPECT_EQ(lines[1].bytes_sent, 0u);
  EXPECT_EQ(lines[2].target, "/chunks");
  EXPECT_EQ(lines[2].bytes_sent, 5u);
  EXPECT_EQ(lines[3].status, 400u);
  for (const LogLine& line : lines) EXPECT_TRUE(line.complete);
}

TEST_F(ServerTest, SpreadsConnectionsOverTheThreads) {
  serve([](const Request&) { return text_response(std::to_string(io::Threads::current())); });
  std::vector<RawClient> clients;
  std::multiset<std::string> threads;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(connect_and_send(kGet));
    threads.insert(clients.back().receive().body);
  }
  EXPECT_EQ(server_->open_connections(), 100u);
  EXPECT_GE(threads.count("0"), 40u);
  EXPECT_GE(threads.count("1"), 40u);
  clients.clear();
  EXPECT_TRUE(becomes_true([this] { return server_->open_connections() == 0; }));
}

TEST_F(ServerTest, GoesOnAfterItWasOutOfFileDescriptors) {
  // UBSan, built in with it, asks a pipe whether memory can be read, and without one takes every object for a bad one.
  if (entrepot::test::kAddressSanitizer) GTEST_SKIP() << "UndefinedBehaviorSanitizer needs file descriptors";
  serve_text("hello");
  RawClient first = connect_and_send(kGet);
  EXPECT_EQ(first.receive().body, "hello");
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit few{std::min<rlim_t>(before.rlim_cur, 256), before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &few);
  std::vector<UniqueFd> taken;
  for (;;) {
    UniqueFd copy(::dup(STDIN_FILENO));
    if (!copy) break;
    taken.push_back(std::move(copy));
  }
  taken.pop_back();  // for the client's side; the server has none for its own
  RawClient client = connect_and_send(kGet);
  std::this_thread::sleep_for(150ms);
  EXPECT_EQ(log(1).size(), 1u);
  taken.clear();
  EXPECT_EQ(client.receive().body, "hello");
  ::setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace
}  // namespace entrepot::http::test
