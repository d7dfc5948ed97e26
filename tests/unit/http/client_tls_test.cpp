// Whom a client trusts.
#include <fstream>

#include "support/temp_dir.hpp"
#include "unit/http/client_certificates.hpp"
#include "unit/http/client_fixture.hpp"

namespace entrepot::http {
namespace {

class ClientTlsTest : public ClientTest {
 protected:
  void trust(const test::CertificateAuthority& authority) {
    options_.ca_file = folder_.path() / "ca.pem";
    std::ofstream(options_.ca_file) << authority.certificate();
  }

  Answer get(const std::string& host, const ScriptedServer& server) {
    return send(request_to("https://" + host + ":" + std::to_string(server.port()) + "/"));
  }

  static void expect_refused(const Answer& answer, std::string_view why) {
    ASSERT_FALSE(answer);
    expect_error(answer.error(), Errc::BadGateway, "certificate refused: " + std::string(why));
  }

  const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  test::TempDir folder_;
  test::CertificateAuthority authority_;
};

TEST_F(ClientTlsTest, AServerOfATrustedAuthorityIsReadFromAndItsConnectionUsedAgain) {
  trust(authority_);
  io::net::ssl::context tls = authority_.server("DNS:localhost");
  std::string name;
  ScriptedServer server({[&](Peer& peer) {
                          name = peer.server_name();
                          for (int i = 0; i < 2; ++i) peer.answer(kOk);
                        }},
                        &tls);
  for (int i = 0; i < 2; ++i) {
    Answer answer = get("localhost", server);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(read_all(**answer).value(), "ok");
  }
  EXPECT_EQ(server.connections(), 1u);
  EXPECT_EQ(name, "localhost");
}

TEST_F(ClientTlsTest, ACertificateMayStandForAnAddressAndItsNameIsNotSent) {
  trust(authority_);
  io::net::ssl::context tls = authority_.server("IP:127.0.0.1");
  std::string name = "?";
  ScriptedServer server({[&](Peer& peer) {
                          name = peer.server_name();
                          peer.answer(kOk);
                        }},
                        &tls);
  Answer answer = get("127.0.0.1", server);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(name, "");
}

TEST_F(ClientTlsTest, AnUnknownAuthorityIsRefused) {
  io::net::ssl::context tls = authority_.server("DNS:localhost");
  ScriptedServer server({answering(kOk), answering(kOk)}, &tls);
  expect_refused(get("localhost", server), "unable to get local issuer certificate");
}

TEST_F(ClientTlsTest, ACertificateForAnotherHostIsRefused) {
  trust(authority_);
  io::net::ssl::context tls = authority_.server("DNS:registry.example,IP:127.0.0.2");
  ScriptedServer server({answering(kOk), answering(kOk), answering(kOk)}, &tls);
  expect_refused(get("localhost", server), "hostname mismatch");
  expect_refused(get("127.0.0.1", server), "IP address mismatch");
}

TEST_F(ClientTlsTest, AServerThatSpeaksNoTlsIsBadGateway) {
  ScriptedServer server({[](Peer& peer) { peer.send("HTTP/1.1 400 Bad Request\r\n\r\n"); }});
  Answer answer = get("127.0.0.1", server);
  ASSERT_FALSE(answer);
  expect_error(answer.error(), Errc::BadGateway, "TLS handshake");
}

TEST_F(ClientTlsTest, AHandshakeThatHangsEndsWithTheConnectTimeout) {
  options_.timeouts.connect = std::chrono::milliseconds(50);
  ScriptedServer server({[](Peer& peer) { peer.read_request(); }});
  Answer answer = get("127.0.0.1", server);
  ASSERT_FALSE(answer);
  expect_error(answer.error(), Errc::Timeout, "TLS handshake");
}

TEST_F(ClientTlsTest, ABodyCutWithoutACloseNotifyIsCutShort) {
  trust(authority_);
  io::net::ssl::context tls = authority_.server("DNS:localhost");
  ScriptedServer server({answering("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")}, &tls);
  Answer answer = get("localhost", server);
  ASSERT_TRUE(answer) << answer.error().message;
  auto body = read_all(**answer);
  ASSERT_FALSE(body);
  expect_error(body.error(), Errc::BadGateway, "after 3 of 10 bytes");
}

TEST_F(ClientTlsTest, ALargeBodyArrivesByteForByte) {
  trust(authority_);
  io::net::ssl::context tls = authority_.server("DNS:localhost");
  std::string body(5'000'000, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * i >> 5);
  ScriptedServer server(
      {answering("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body)}, &tls);
  Answer answer = get("localhost", server);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_TRUE(read_all(**answer, body.size()).value() == body);
}

TEST_F(ClientTlsTest, ACaFileThatCannotBeReadThrows) {
  options_.ca_file = folder_.path() / "absent.pem";
  EXPECT_THROW(client(), std::runtime_error);
  options_.ca_file = folder_.path() / "empty.pem";
  std::ofstream(options_.ca_file) << "no certificate";
  EXPECT_THROW(client(), std::runtime_error);
}

}  // namespace
}  // namespace entrepot::http
