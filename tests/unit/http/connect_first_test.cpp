// Which of several addresses is connected to, and when the next one's turn comes. The addresses are this host's
// (127.0.0.0/8 is all loopback), on one port: that of the server that answers on 127.0.0.1.
#include "http/client/connect_first.hpp"

#include <gtest/gtest.h>

#include "support/run_coro.hpp"
#include "unit/http/scripted_server.hpp"

namespace entrepot::http::client {
namespace {

using namespace std::chrono_literals;
using test::Peer;
using test::ScriptedServer;

Addresses addresses(const std::vector<std::string>& literals) {
  Addresses list;
  for (const std::string& literal : literals) list.push_back(net::ip::make_address(literal));
  return list;
}

TEST(InTurn, KindsAlternateAndTheFirstComesFirst) {
  struct Case {
    std::vector<std::string> from;
    std::vector<std::string> order;
  };
  for (const Case& c : {
           Case{{}, {}},
           Case{{"1.1.1.1"}, {"1.1.1.1"}},
           Case{{"1.1.1.1", "1.1.1.2"}, {"1.1.1.1", "1.1.1.2"}},
           Case{{"::1", "::2", "::3", "1.1.1.1", "1.1.1.2"}, {"::1", "1.1.1.1", "::2", "1.1.1.2", "::3"}},
           Case{{"1.1.1.1", "1.1.1.2", "::1"}, {"1.1.1.1", "::1", "1.1.1.2"}},
           Case{{"::1", "1.1.1.1", "1.1.1.2", "1.1.1.3"}, {"::1", "1.1.1.1", "1.1.1.2", "1.1.1.3"}},
       }) {
    EXPECT_EQ(in_turn(addresses(c.from)), addresses(c.order)) << testing::PrintToString(c.from);
  }
}

// Listens, and answers nobody: its backlog is full.
class BlackHole {
 public:
  BlackHole(const std::string& address, std::uint16_t port) : full_(context_), taker_(context_) {
    full_.open(net::ip::tcp::v4());
    full_.set_option(net::ip::tcp::acceptor::reuse_address(true));
    full_.bind({net::ip::make_address(address), port});
    full_.listen(0);
    taker_.connect(full_.local_endpoint());
  }

 private:
  net::io_context context_;
  net::ip::tcp::acceptor full_;
  net::ip::tcp::socket taker_;
};

class ConnectFirstTest : public testing::Test {
 protected:
  Result<Connected> connect(std::chrono::milliseconds limit = 10s) {
    const auto begun = io::SteadyClock::now();
    auto connected =
        test::run_coro(context_, connect_first(left_, server_.port(), "registry.example:80", begun + limit));
    took_ = io::SteadyClock::now() - begun;
    return connected;
  }

  static std::string address_of(const Result<Connected>& connected) {
    return connected ? connected->address.to_string() : connected.error().message;
  }

  ScriptedServer server_{std::vector<ScriptedServer::Script>(4, [](Peer& peer) { peer.wait_for_close(); })};
  net::io_context context_{1};
  Addresses left_;
  io::SteadyClock::duration took_{};
};

TEST_F(ConnectFirstTest, TheFirstThatAnswersAtOnceIsTheOnlyOneAsked) {
  left_ = addresses({"127.0.0.1", "127.0.0.2"});
  EXPECT_EQ(address_of(connect()), "127.0.0.1");
  EXPECT_EQ(left_, addresses({"127.0.0.2"}));
}

TEST_F(ConnectFirstTest, OneThatDoesNotAnswerCostsAQuarterOfASecond) {
  BlackHole hole("127.0.0.2", server_.port());
  left_ = addresses({"127.0.0.2", "127.0.0.1", "127.0.0.3"});
  EXPECT_EQ(address_of(connect()), "127.0.0.1");
  EXPECT_GE(took_, 250ms);
  EXPECT_LT(took_, 5s);  // the kernel tries a lost SYN again after 1 s, and so on
  EXPECT_EQ(left_, addresses({"127.0.0.3", "127.0.0.2"})) << "of these nothing is known";
}

TEST_F(ConnectFirstTest, OneThatRefusesCostsNothing) {
  left_ = addresses({"127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.1"});
  EXPECT_EQ(address_of(connect()), "127.0.0.1");
  EXPECT_LT(took_, 250ms);
  EXPECT_TRUE(left_.empty());
}

TEST_F(ConnectFirstTest, ARefusalMakesRoomForTheNextThoughAnotherIsOnItsWay) {
  BlackHole hole("127.0.0.2", server_.port());
  left_ = addresses({"127.0.0.2", "127.0.0.3", "127.0.0.1"});
  EXPECT_EQ(address_of(connect()), "127.0.0.1");
  EXPECT_GE(took_, 250ms);
  EXPECT_LT(took_, 500ms);
}

TEST_F(ConnectFirstTest, WhereAllRefuseTheErrorNamesThePeer) {
  left_ = addresses({"127.0.0.2", "127.0.0.3"});
  auto connected = connect();
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().code, Errc::BadGateway);
  EXPECT_EQ(connected.error().message, "registry.example:80: connecting: Connection refused");
}

TEST_F(ConnectFirstTest, WhereNoneAnswersAllShareTheTime) {
  BlackHole hole("127.0.0.2", server_.port());
  BlackHole other("127.0.0.3", server_.port());
  left_ = addresses({"127.0.0.2", "127.0.0.3", "127.0.0.4"});
  auto connected = connect(600ms);
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().code, Errc::Timeout);
  EXPECT_GE(took_, 600ms);
  EXPECT_LT(took_, 5s);
}

// The handlers of connects that lost the race run after it, or never.
TEST_F(ConnectFirstTest, ItsRestMayRunLaterOrNot) {
  BlackHole hole("127.0.0.2", server_.port());
  for (const bool runs : {true, false}) {
    net::io_context context(1);
    Addresses list = addresses({"127.0.0.2", "127.0.0.1"});
    auto connected = test::run_coro(context, connect_first(list, server_.port(), "p", io::SteadyClock::now() + 10s));
    EXPECT_EQ(address_of(connected), "127.0.0.1");
    if (runs) context.poll();
  }
}

}  // namespace
}  // namespace entrepot::http::client
