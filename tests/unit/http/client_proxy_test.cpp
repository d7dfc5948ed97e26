// Requests through a proxy, which is a scripted server on 127.0.0.1; what it would connect to does not exist.
#include <fstream>

#include "support/temp_dir.hpp"
#include "unit/http/client_certificates.hpp"
#include "unit/http/client_fixture.hpp"

namespace entrepot::http {
namespace {

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const std::string kTunnel = "HTTP/1.1 200 Connection established\r\n\r\n";

class ClientProxyTest : public ClientTest {
 protected:
  void use(const ScriptedServer& server, std::string authorization = "Basic dXNlcjpodW50ZXIy") {
    const Proxy proxy{.host = "127.0.0.1", .port = server.port(), .authorization = std::move(authorization)};
    options_.proxies.http = options_.proxies.https = proxy;
  }

  // Answers as if it were the server; `seen` gets the requests.
  static ScriptedServer::Script relaying(std::string& seen, int requests = 1) {
    return [&seen, requests](Peer& peer) {
      for (int i = 0; i < requests; ++i) {
        seen += peer.read_request();
        peer.send(kOk);
      }
    };
  }

  // Gives a tunnel, at whose other end is a server of the authority.
  ScriptedServer::Script tunnelling(std::string& seen, io::net::ssl::context& tls) {
    return [&seen, &tls](Peer& peer) {
      seen += peer.read_request();
      peer.send(kTunnel);
      peer.start_tls(tls);
      for (int i = 0; i < 2; ++i) {
        seen += peer.read_request();
        peer.send(kOk);
      }
    };
  }

  void trust_authority() {
    options_.ca_file = folder_.path() / "ca.pem";
    std::ofstream(options_.ca_file) << authority_.certificate();
  }

  Result<std::string> body_of(const std::string& url) {
    Answer answer = send(request_to(url));
    if (!answer) return answer.error();
    return read_all(**answer);
  }

  // What the error of a request to `url` says behind the names of server and proxy.
  void expect_failure(const std::string& url, const ScriptedServer& proxy, Errc code, std::string_view why) {
    Answer answer = send(request_to(url));
    ASSERT_FALSE(answer);
    const std::string names = "registry.test through the proxy 127.0.0.1:" + std::to_string(proxy.port()) + ": ";
    expect_error(answer.error(), code, names + std::string(why));
    for (const char* secret : {"dXNl", "hunter2"}) {
      EXPECT_EQ(answer.error().message.find(secret), std::string::npos) << answer.error().message;
    }
  }

  test::TempDir folder_;
  test::CertificateAuthority authority_;
};

TEST_F(ClientProxyTest, AnHttpRequestIsInAbsoluteFormWithTheProxysAuthorization) {
  std::string seen;
  ScriptedServer proxy({relaying(seen)});
  use(proxy);
  EXPECT_EQ(body_of("http://registry.test:5000/v2/?a=b").value(), "ok");
  EXPECT_TRUE(seen.starts_with("GET http://registry.test:5000/v2/?a=b HTTP/1.1\r\nHost: registry.test:5000\r\n"))
      << seen;
  EXPECT_NE(seen.find("\r\nProxy-Authorization: Basic dXNlcjpodW50ZXIy\r\n"), std::string::npos) << seen;
}

TEST_F(ClientProxyTest, AProxyWithoutAUserIsToldNone) {
  std::string seen;
  ScriptedServer proxy({relaying(seen)});
  use(proxy, "");
  EXPECT_EQ(body_of("http://registry.test/").value(), "ok");
  EXPECT_EQ(seen.find("Proxy-"), std::string::npos) << seen;
}

TEST_F(ClientProxyTest, AnHttpsRequestGoesThroughATunnelThatIsUsedAgain) {
  trust_authority();
  io::net::ssl::context tls = authority_.server("DNS:registry.test");
  std::string seen;
  ScriptedServer proxy({tunnelling(seen, tls)});
  use(proxy);
  EXPECT_EQ(body_of("https://registry.test/v2/").value(), "ok");
  EXPECT_EQ(body_of("https://registry.test/v2/").value(), "ok");
  EXPECT_EQ(proxy.connections(), 1u);
  EXPECT_EQ(seen,
            "CONNECT registry.test:443 HTTP/1.1\r\nHost: registry.test:443\r\nUser-Agent: entrepot\r\n"
            "Proxy-Authorization: Basic dXNlcjpodW50ZXIy\r\n\r\n"
            "GET /v2/ HTTP/1.1\r\nHost: registry.test\r\nUser-Agent: entrepot\r\nAccept-Encoding: identity\r\n\r\n"
            "GET /v2/ HTTP/1.1\r\nHost: registry.test\r\nUser-Agent: entrepot\r\nAccept-Encoding: identity\r\n\r\n");
}

TEST_F(ClientProxyTest, ATunnelNamesAPortAndAnIPv6AddressInBrackets) {
  for (const auto& [url, target] : {std::pair{"https://registry.test:5000/", "registry.test:5000"},
                                    std::pair{"https://[2606:4700::1111]/", "[2606:4700::1111]:443"}}) {
    std::string seen;
    {
      ScriptedServer proxy({[&seen](Peer& peer) { seen = peer.read_request(); }});
      use(proxy);
      EXPECT_FALSE(send(request_to(url)));
      client_.reset();
    }
    EXPECT_TRUE(seen.starts_with("CONNECT " + std::string(target) + " HTTP/1.1\r\nHost: " + target + "\r\n")) << seen;
  }
}

TEST_F(ClientProxyTest, TheServerBehindATunnelHasToProveItsName) {
  trust_authority();
  io::net::ssl::context tls = authority_.server("DNS:intercepting.proxy");
  std::string seen;
  ScriptedServer proxy({tunnelling(seen, tls)});
  use(proxy);
  expect_failure("https://registry.test/", proxy, Errc::BadGateway, "certificate refused: hostname mismatch");
}

TEST_F(ClientProxyTest, ARefusedTunnelIsBadGatewayAndSaysWhy) {
  struct Case {
    std::string answer;
    std::string authorization;
    std::string why;
  };
  for (const Case& c : {
           Case{"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n", "Basic x",
                "the proxy refuses with 407: it does not take user and password"},
           Case{"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "",
                "the proxy refuses with 407: it wants a user and a password"},
           Case{"HTTP/1.0 401 Unauthorized\r\n\r\n", "Basic x",
                "the proxy refuses with 401: it does not take user and password"},
           Case{"HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno!", "", "the proxy refuses with 403"},
           Case{"HTTP/1.0 502 Bad Gateway\r\n\r\n<html>", "", "the proxy refuses with 502"},
           Case{"HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\n\r\n", "", "the proxy refuses with 302"},
           Case{kTunnel + "220 ready", "", "the proxy speaks where the server should"},
           Case{"SSH-2.0-OpenSSH_9.2\r\n\r\n", "", "not an HTTP answer"},
           Case{"", "", "connection closed before the answer's header was complete"},
       }) {
    ScriptedServer proxy({answering(c.answer)});
    use(proxy, c.authorization);
    expect_failure("https://registry.test/v2/", proxy, Errc::BadGateway, c.why);
    client_.reset();
  }
}

TEST_F(ClientProxyTest, ATunnelThatDoesNotComeEndsWithTheConnectTimeout) {
  options_.timeouts.connect = std::chrono::milliseconds(50);
  ScriptedServer proxy({[](Peer& peer) {
    peer.read_request();
    peer.wait_for_close();
  }});
  use(proxy);
  expect_failure("https://registry.test/", proxy, Errc::Timeout, "reading the answer: no answer in time");
}

TEST_F(ClientProxyTest, ARelayThatWantsAUserIsBadGatewayAndAnyOtherAnswerIsTheServers) {
  ScriptedServer proxy({answering("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"),
                        answering("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")});
  use(proxy, "");
  expect_failure("http://registry.test/", proxy, Errc::BadGateway,
                 "the proxy refuses with 407: it wants a user and a password");
  Answer answer = send(request_to("http://registry.test/"));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ((*answer)->status(), 403u);
}

TEST_F(ClientProxyTest, AProxyThatIsNotThereIsNamed) {
  auto proxy = std::make_unique<ScriptedServer>(std::vector<ScriptedServer::Script>{});
  use(*proxy);
  const std::string names = "registry.test through the proxy 127.0.0.1:" + std::to_string(proxy->port());
  proxy.reset();
  Answer answer = send(request_to("https://registry.test/"));
  ASSERT_FALSE(answer);
  expect_error(answer.error(), Errc::BadGateway, names + ": connecting: Connection refused");

  client_.reset();
  options_.proxies.https->host = "proxy.invalid";
  answer = send(request_to("https://registry.test/"));
  ASSERT_FALSE(answer);
  expect_error(answer.error(), Errc::BadGateway, "registry.test through the proxy proxy.invalid:");
}

TEST_F(ClientProxyTest, WhatIsNotProxiedIsReachedDirectly) {
  ScriptedServer proxy({});
  use(proxy);
  ScriptedServer server({answering(kOk)});
  EXPECT_EQ(body_from(server).value(), "ok");
  options_.proxies.no_proxy = NoProxy("registry.invalid");
  client_.reset();
  Answer answer = send(request_to("http://registry.invalid/"));
  ASSERT_FALSE(answer);
  EXPECT_TRUE(answer.error().message.starts_with("registry.invalid: ")) << answer.error().message;
  EXPECT_EQ(proxy.connections(), 0u);
}

// What the proxy resolves is not seen here; what is an address by its text is.
TEST_F(ClientProxyTest, AForbiddenAddressIsNotAskedForThroughAProxyEither) {
  ScriptedServer proxy({});
  use(proxy);
  for (const auto& [host, kind] :
       {std::pair{"10.0.0.1", "private"}, std::pair{"[fd00::1]", "private"}, std::pair{"169.254.1.1", "link-local"},
        std::pair{"0xa000001", "private"}, std::pair{"127.0.0.1", "loopback"}, std::pair{"localhost", "loopback"},
        std::pair{"169.254.169.254", "metadata"}, std::pair{"2852039166", "metadata"}}) {
    for (const char* scheme : {"http://", "https://"}) {
      ClientRequest request = request_to(scheme + std::string(host) + "/");
      request.addresses = AddressRule{};
      Answer answer = send(std::move(request));
      ASSERT_FALSE(answer) << host;
      expect_error(answer.error(), Errc::BadGateway, "is at a " + std::string(kind) + " address, which is not allowed");
    }
  }
  Answer answer = send(request_to("http://169.254.169.254/latest/meta-data/"));  // to a configured upstream
  ASSERT_FALSE(answer);
  expect_error(answer.error(), Errc::BadGateway, "metadata");
  EXPECT_EQ(proxy.connections(), 0u);
}

TEST_F(ClientProxyTest, ANameCountsAsPublicAndAnAddressAsWhatItIs) {
  std::string seen;
  ScriptedServer proxy({relaying(seen), relaying(seen)});
  use(proxy);
  ClientRequest request = request_to("http://registry.test/");
  request.addresses = AddressRule{};
  Answer answer = send(std::move(request));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ((*answer)->peer_kind(), AddressKind::Public);
  answer = send(request_to("http://10.1.2.3/"));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ((*answer)->peer_kind(), AddressKind::Private);
}

}  // namespace
}  // namespace entrepot::http
