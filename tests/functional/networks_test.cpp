// What stands between the daemon and a registry: a proxy that fails, a registry that wants to see a certificate.
#include "functional/daemon_test.hpp"
#include "support/fake_server.hpp"

namespace entrepot::test {
namespace {

class NetworksTest : public DaemonTest {
 protected:
  // docker.io is behind this server, a proxy of some kind.
  void put_behind(const FakeServer& proxy, const std::string& scheme) {
    hub_config().urls = {scheme + "://registry.test"};
    const config::Proxy configured{proxy.host(), proxy.port(), "user", "hunter2"};
    hub_config().proxies = {.http = configured, .https = configured};
  }

  static std::string named(const FakeServer& proxy) {
    return "registry.test through the proxy " + proxy.host() + ":" + std::to_string(proxy.port());
  }

  std::string path_ = manifest_path("library/app", "1");
};

TEST_F(NetworksTest, AProxyThatRefusesIsABadGatewayWithItsName) {
  FakeServer proxy("127.0.0.1", nullptr, [](Stream& stream, const FakeRequest& request) {
    EXPECT_EQ(request.header("Proxy-Authorization"), "Basic dXNlcjpodW50ZXIy");
    stream.write("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
    return true;
  });
  proxy.start();
  for (const char* scheme : {"http", "https"}) {
    put_behind(proxy, scheme);
    restart();
    const Reply reply = get(path_);
    EXPECT_EQ(reply.status, 502);
    EXPECT_NE(reply.body.find(named(proxy) + ": the proxy refuses with 407"), std::string::npos) << reply.body;
    EXPECT_EQ(reply.body.find("hunter2"), std::string::npos) << reply.body;
  }
}

TEST_F(NetworksTest, AProxyThatDoesNotAnswerIsAGatewayTimeoutWithItsName) {
  FakeServer proxy("127.0.0.1", nullptr, [](Stream& stream, const FakeRequest&) {
    char byte;
    stream.read(&byte, 1);
    return false;
  });
  proxy.start();
  hub_config().timeouts.connect = 100ms;
  put_behind(proxy, "https");
  start();
  const Reply reply = get(path_);
  EXPECT_EQ(reply.status, 504);
  EXPECT_NE(reply.body.find(named(proxy)), std::string::npos) << reply.body;
}

TEST_F(NetworksTest, ARegistryThatRequiresACertificateIsPulledFromWithIt) {
  Certificate certificate;  // serves both sides, and as its own authority
  SSL_CTX_set_verify(certificate.server_context(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  ASSERT_EQ(SSL_CTX_load_verify_file(certificate.server_context(), certificate.certificate_file().c_str()), 1);
  FakeRegistry registry({.certificate = &certificate});
  const Object blob = make_blob(1000);
  registry.push("library/app", "1", make_image({blob}));
  hub_config().urls = {registry.url()};
  hub_config().ca = certificate.certificate_file();
  start();
  EXPECT_EQ(get(path_).status, 502);

  hub_config().client_certificate = config::ClientCertificate{certificate.certificate_file(), certificate.key_file()};
  restart();
  EXPECT_EQ(get(path_).status, 200);
  EXPECT_EQ(get(blob_path("library/app", blob.digest)).body, blob.text());
}

}  // namespace
}  // namespace entrepot::test
