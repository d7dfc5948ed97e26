// What a client shows of itself, and to whom.

#include <fstream>

#include "support/temp_dir.hpp"
#include "unit/http/client_certificates.hpp"
#include "unit/http/client_fixture.hpp"
#include "unit/http/encrypted_key.hpp"

namespace entrepot::http {
namespace {

namespace ssl = io::net::ssl;

class ClientCertificateTest : public ClientTest {
 protected:
  ClientCertificateTest() {
    options_.ca_file = file("ca.pem");
    std::ofstream(options_.ca_file) << authority_.certificate();
    authority_.write_client(file("client.pem"), file("client.key"));
    show_to("localhost");
  }

  std::string file(const std::string& name) const { return folder_.path() / name; }

  void show_to(const std::string& host) {
    options_.certificate =
        ClientCertificate{.certificate_file = file("client.pem"), .key_file = file("client.key"), .hosts = {host}};
  }

  Result<std::string> body_from(const std::string& host, const ScriptedServer& server) {
    Answer answer = send(request_to("https://" + host + ":" + std::to_string(server.port()) + "/"));
    if (!answer) return answer.error();
    return read_all(**answer);
  }

  std::string failure() {
    try {
      client();
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  }

  const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  test::TempDir folder_;
  test::CertificateAuthority authority_;
};

TEST_F(ClientCertificateTest, AServerThatRequiresOneIsShownIt) {
  ssl::context tls = authority_.server("DNS:localhost");
  authority_.ask_clients(tls, ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  ScriptedServer server({answering(kOk), answering(kOk)}, &tls);
  auto body = body_from("localhost", server);
  ASSERT_TRUE(body) << body.error().message;

  options_.certificate.reset();
  client_.reset();
  EXPECT_FALSE(body_from("localhost", server));
}

TEST_F(ClientCertificateTest, AServerOfAnotherHostIsNotShownItThoughItAsks) {
  ssl::context tls = authority_.server("DNS:localhost,IP:127.0.0.1");
  authority_.ask_clients(tls, ssl::verify_peer);
  std::vector<bool> shown;
  const ScriptedServer::Script look = [&](Peer& peer) {
    shown.push_back(peer.has_shown_certificate());
    peer.answer(kOk);
  };
  {
    ScriptedServer server({look, look}, &tls);
    EXPECT_EQ(body_from("localhost", server).value(), "ok");
    EXPECT_EQ(body_from("127.0.0.1", server).value(), "ok");
  }
  EXPECT_EQ(shown, (std::vector<bool>{true, false}));
}

TEST_F(ClientCertificateTest, FilesThatCannotBeUsedAreNamed) {
  options_.certificate->certificate_file = file("absent.pem");
  EXPECT_NE(failure().find("cannot use the client certificate " + file("absent.pem")), std::string::npos) << failure();

  show_to("localhost");
  options_.certificate->key_file = file("client.pem");
  EXPECT_NE(failure().find("cannot use the key " + file("client.pem")), std::string::npos) << failure();

  show_to("localhost");
  authority_.write_client(file("other.pem"), file("other.key"));
  options_.certificate->key_file = file("other.key");
  EXPECT_NE(failure().find("cannot use the key " + file("other.key") + " with the client certificate"),
            std::string::npos)
      << failure();
}

// Nobody is there to type the password.
TEST_F(ClientCertificateTest, AnEncryptedKeyIsAnErrorAndNoQuestion) {
  test::encrypt_key(file("client.key"), file("locked.key"));
  options_.certificate->key_file = file("locked.key");
  EXPECT_NE(failure().find("cannot use the key " + file("locked.key")), std::string::npos) << failure();
}

}  // namespace
}  // namespace entrepot::http
