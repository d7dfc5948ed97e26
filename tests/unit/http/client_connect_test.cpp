// Where a connection may go, and how long everything may take.
#include <future>

#include "unit/http/client_fixture.hpp"

namespace entrepot::http {
namespace {

using std::chrono::milliseconds;

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

ScriptedServer::Script silent_after(std::string bytes) {
  return [bytes](Peer& peer) {
    peer.answer(bytes);
    peer.wait_for_close();
  };
}

TEST_F(ClientTest, AForbiddenAddressIsNotConnectedTo) {
  ScriptedServer server({answering(kOk)});
  for (std::string host : {"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0"}) {
    ClientRequest request = request_to("http://" + host + ":" + std::to_string(server.port()) + "/");
    request.addresses = AddressRule{.also = {AddressKind::Private, AddressKind::LinkLocal}};
    Answer answer = send(std::move(request));
    ASSERT_FALSE(answer) << host;
    expect_error(answer.error(), Errc::BadGateway, "loopback");
  }
  EXPECT_EQ(server.connections(), 0u);
}

TEST_F(ClientTest, MetadataAddressesAreRefusedWithoutAConnection) {
  for (std::string host : {"169.254.169.254", "[::ffff:169.254.169.254]", "[fd00:ec2::254]"}) {
    Answer answer = send(request_to("http://" + host + "/latest/meta-data/"));
    ASSERT_FALSE(answer) << host;
    expect_error(answer.error(), Errc::BadGateway, "metadata");
  }
}

TEST_F(ClientTest, ANameIsResolvedAndItsAddressesTriedInTurn) {
  ScriptedServer server({answering(kOk)});  // on 127.0.0.1 alone: ::1, where the name has it, refuses
  Answer answer = send(request_to("http://localhost:" + std::to_string(server.port()) + "/"));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ((*answer)->peer_kind(), AddressKind::Loopback);
}

TEST_F(ClientTest, ANameThatDoesNotExistIsBadGateway) {
  Answer answer = send(request_to("http://registry.invalid/"));
  ASSERT_FALSE(answer);
  expect_error(answer.error(), Errc::BadGateway, "registry.invalid");
}

TEST_F(ClientTest, ARefusedConnectionIsBadGateway) {
  std::uint16_t port = 0;
  {
    ScriptedServer gone({});
    port = gone.port();
  }
  Answer answer = send(request_to("http://127.0.0.1:" + std::to_string(port) + "/"));
  ASSERT_FALSE(answer);
  expect_error(answer.error(), Errc::BadGateway, "refused");
}

// The pool's only thread is taken, as by a name server that does not answer.
TEST_F(ClientTest, ANameServerThatHangsCostsTheConnectTimeout) {
  options_.timeouts.connect = milliseconds(30);
  std::promise<void> end;
  io::net::post(resolvers_, [hanging = end.get_future().share()] { hanging.wait(); });
  for (int i = 0; i < 3; ++i) {
    Answer answer = send(request_to("http://localhost/"));
    ASSERT_FALSE(answer);
    expect_error(answer.error(), Errc::Timeout, "name server");
  }
  client_.reset();
  end.set_value();
  resolvers_.join();  // the lookup ends alone
}

// A backlog that is full: the kernel answers no further SYN.
TEST_F(ClientTest, AConnectionThatIsNotAcceptedEndsWithTheConnectTimeout) {
  namespace net = io::net;
  net::io_context context;
  net::ip::tcp::acceptor full(context);
  full.open(net::ip::tcp::v4());
  full.bind({net::ip::make_address("127.0.0.1"), 0});
  full.listen(0);
  net::ip::tcp::socket taker(context);
  taker.connect(full.local_endpoint());
  options_.timeouts.connect = milliseconds(50);
  Answer answer = send(request_to("http://127.0.0.1:" + std::to_string(full.local_endpoint().port()) + "/"));
  ASSERT_FALSE(answer);
  expect_error(answer.error(), Errc::Timeout, "connecting");
}

TEST_F(ClientTest, AnAnswerThatDoesNotBeginInTimeIsATimeout) {
  options_.timeouts.first_byte = milliseconds(30);
  ScriptedServer server({silent_after("")});
  Answer answer = get(server);
  ASSERT_FALSE(answer);
  expect_error(answer.error(), Errc::Timeout, "127.0.0.1:" + std::to_string(server.port()));
}

TEST_F(ClientTest, AHeaderThatDoesNotEndInTimeIsATimeout) {
  options_.timeouts.first_byte = milliseconds(30);
  ScriptedServer server({silent_after("HTTP/1.1 200 OK\r\nX:")});
  Answer answer = get(server);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::Timeout);
}

TEST_F(ClientTest, TheDeadlineHoldsForAllUpToTheHeader) {
  ScriptedServer server({silent_after("")});
  ClientRequest request = request_to(server);
  request.deadline = io::SteadyClock::now() + milliseconds(30);
  Answer answer = send(std::move(request));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::Timeout);
}

TEST_F(ClientTest, ADeadlineThatHasPassedOpensNoConnection) {
  ScriptedServer server({answering(kOk)});
  ClientRequest request = request_to(server);
  request.deadline = io::SteadyClock::now() - milliseconds(1);
  Answer answer = send(std::move(request));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::Timeout);
  EXPECT_EQ(server.connections(), 0u);
}

TEST_F(ClientTest, ATimeoutOnAnIdleConnectionIsNotTriedAgain) {
  options_.timeouts.first_byte = milliseconds(1000);  // enough for the first answer on any machine
  ScriptedServer server({[](Peer& peer) {
                           peer.answer(kOk);
                           peer.read_request();
                           peer.wait_for_close();
                         },
                         answering(kOk)});
  EXPECT_EQ(body_from(server).value(), "ok");
  Answer answer = get(server);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::Timeout);
  EXPECT_EQ(server.connections(), 1u);
}

TEST_F(ClientTest, ABodyThatStallsIsATimeout) {
  options_.timeouts.stall = milliseconds(30);
  for (std::string framing :
       {"Content-Length: 10\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc", "\r\nabc"}) {
    ScriptedServer server({silent_after("HTTP/1.1 200 OK\r\n" + framing)});
    Answer answer = get(server);
    ASSERT_TRUE(answer);
    auto body = read_all(**answer);
    ASSERT_FALSE(body) << framing;
    EXPECT_EQ(body.error().code, Errc::Timeout) << body.error().message;
  }
}

TEST_F(ClientTest, AWholeBodyThatTricklesEndsAtTheRequestsDeadline) {
  ScriptedServer server(std::vector<ScriptedServer::Script>(8, [](Peer& peer) {
    peer.answer("HTTP/1.1 200 OK\r\n\r\n");
    while (peer.send("a")) std::this_thread::sleep_for(milliseconds(5));  // until the client leaves
  }));
  auto send_within = [&](milliseconds limit) {
    ClientRequest request = request_to(server);
    request.deadline = io::SteadyClock::now() + limit;
    return send(std::move(request));
  };
  milliseconds limit(100);
  Answer answer = send_within(limit);
  while (!answer && limit < milliseconds(10'000)) answer = send_within(limit *= 2);  // a slow machine's head comes late
  ASSERT_TRUE(answer);
  auto body = read_all(**answer);
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().code, Errc::Timeout) << body.error().message;
  answer->reset();
}

TEST_F(ClientTest, AReaderThatTakesItsTimeDoesNotStallTheBody) {
  options_.timeouts.stall = milliseconds(20);
  std::promise<void> reader_was_slow;
  std::promise<void> rest_was_sent;
  ScriptedServer server({[slow = reader_was_slow.get_future().share(), &rest_was_sent](Peer& peer) {
    peer.answer("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc");
    slow.wait();
    peer.send("def");
    rest_was_sent.set_value();
  }});
  Answer answer = get(server);
  ASSERT_TRUE(answer);
  std::vector<std::byte> bytes(3);
  EXPECT_EQ(read(**answer, bytes).value(), 3u);
  test::run_coro(context_, io::sleep_for(milliseconds(60)));
  reader_was_slow.set_value();
  rest_was_sent.get_future().wait();
  EXPECT_EQ(read_all(**answer).value(), "def");
}

}  // namespace
}  // namespace entrepot::http
