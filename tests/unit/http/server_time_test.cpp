// Limits on what a client may keep the server waiting for, and the first half of a shutdown.
#include <sys/socket.h>

#include <thread>

#include "unit/http/server_fixture.hpp"

namespace entrepot::http::test {
namespace {

using ServerLimitsTest = ServerFixture;
using ServerDrain = ServerFixture;

ServerLimits limits_of(io::SteadyClock::duration idle, io::SteadyClock::duration request) {
  ServerLimits limits;
  limits.idle = idle;
  limits.request = request;
  return limits;
}

TEST_F(ServerLimitsTest, AnIdleConnectionIsClosed) {
  serve_text("hello", limits_of(1s, 1h));
  RawClient client = connect_and_send(kGet);
  EXPECT_EQ(client.receive().body, "hello");
  EXPECT_TRUE(client.ended_with_fin());
  EXPECT_TRUE(becomes_true([this] { return server_->open_connections() == 0; }));
}

TEST_F(ServerLimitsTest, AConnectionThatNeverSaysAnythingIsClosed) {
  serve_text("hello", limits_of(50ms, 1h));
  EXPECT_TRUE(connect().ended_with_fin());
}

TEST_F(ServerLimitsTest, ASlowSenderOfAHeadIsCutHoweverOftenItSends) {
  serve_text("hello", limits_of(1h, 100ms));
  RawClient client = connect_and_send("GET / HTTP/1.1\r\n");
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (server_->open_connections() > 0 && std::chrono::steady_clock::now() < end) {
    client.send("X: y\r\n");
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_EQ(server_->open_connections(), 0u);
}

TEST_F(ServerLimitsTest, AHandlerMayTakeLongerThanBothLimits) {
  serve([](const Request&) { return source_response({"a", 1200ms, "b"}, 2); }, limits_of(1s, 1s));
  EXPECT_EQ(connect_and_send(kGet).receive().body, "ab");
}

TEST_F(ServerDrain, IdleConnectionsEndAtOnce) {
  serve_text("hello");
  {
    RawClient client = connect_and_send(kGet);
    EXPECT_EQ(client.receive().body, "hello");
    server_->drain();
    EXPECT_TRUE(client.ended_with_fin());
  }
  EXPECT_TRUE(becomes_true([this] { return tasks_.running() == 0; }));
}

TEST_F(ServerDrain, AResponseInProgressIsFinished) {
  serve([](const Request&) { return source_response({"first,", 1s, "second"}, 12); });
  RawClient client = connect_and_send(std::string(kGet) + std::string(kGet));
  client.receive_some(1);
  server_->drain();
  EXPECT_TRUE(client.receive_all().ends_with("\r\n\r\nfirst,second"));
  EXPECT_TRUE(client.ended_with_fin());
  EXPECT_EQ(log(1).size(), 1u);
}

TEST_F(ServerDrain, NoConnectionIsAccepted) {
  serve_text("hello");
  EXPECT_EQ(connect_and_send(kGet).receive().body, "hello");
  server_->drain();
  EXPECT_TRUE(becomes_true([this] {
    try {
      connect();
      return false;
    } catch (const std::runtime_error&) {
      return true;
    }
  }));
}

TEST_F(ServerDrain, TheServerMayGoBeforeItsConnections) {
  serve([](const Request&) { return source_response({"a", 1h, "b"}, 2); });
  RawClient client = connect_and_send(kGet);
  client.receive_some(1);
  RawClient idle = connect();
  threads_.stop();
  threads_.join();
  server_.reset();
  EXPECT_GT(tasks_.running(), 0u);
}

class ServerListen : public ::testing::Test {
 protected:
  ServerListen() : server_(threads_, tasks_, pool_, {}, {}, {}, {}) {}

  std::string failure_of(const ListenerOptions& options) {
    Result<void> result = server_.listen(options);
    return result ? "" : result.error().message;
  }

  static ListenerOptions on(std::string host, std::uint16_t port = 0) {
    ListenerOptions options;
    options.host = std::move(host);
    options.port = port;
    return options;
  }

  io::Tasks tasks_;
  io::Threads threads_{1};
  io::Pool pool_{1};
  Server server_;
};

TEST_F(ServerListen, SeveralAddressesHaveTheirOwnPorts) {
  EXPECT_EQ(failure_of(on("127.0.0.1")), "");
  EXPECT_EQ(failure_of(on("::")), "");
  EXPECT_NE(server_.port(0), 0);
  EXPECT_NE(server_.port(1), 0);
  EXPECT_NE(server_.port(0), server_.port(1));
  RawClient over_ipv4(server_.port(1));  // the IPv6 wildcard takes IPv4 too
  EXPECT_GE(over_ipv4.fd(), 0);
}

TEST_F(ServerListen, AnAddressInUseIsNamed) {
  ASSERT_EQ(failure_of(on("127.0.0.1")), "");
  const std::string address = "127.0.0.1:" + std::to_string(server_.port(0));
  EXPECT_NE(failure_of(on("127.0.0.1", server_.port(0))).find(address), std::string::npos);
}

TEST_F(ServerListen, WhatIsNoAddressIsNamed) {
  EXPECT_NE(failure_of(on("localhost")).find("localhost"), std::string::npos);
  EXPECT_NE(failure_of(on("192.0.2.1", 7)).find("192.0.2.1:7"), std::string::npos);
}

TEST_F(ServerListen, ATlsFileThatCannotBeReadIsNamed) {
  ListenerOptions options = on("127.0.0.1");
  options.tls = TlsFiles{"/nowhere/certificate.pem", "/nowhere/key.pem"};
  EXPECT_NE(failure_of(options).find("/nowhere/certificate.pem"), std::string::npos);
}

}  // namespace
}  // namespace entrepot::http::test
