// The way to an upstream: what the configuration says reaches the client.
#include "upstream/network.hpp"

#include "registry_client_fixture.hpp"

namespace entrepot::upstream {
namespace {

TEST(Network, AProxysUserBecomesItsAuthorization) {
  const http::Proxies proxies = proxies_of({.http = config::Proxy{"plain", 1},
                                            .https = config::Proxy{"tunnel", 2, "user", "hunter2"},
                                            .no_proxy = "a.example"});
  EXPECT_EQ(proxies.http->authority(), "plain:1");
  EXPECT_EQ(proxies.http->authorization, "");
  EXPECT_EQ(proxies.https->authority(), "tunnel:2");
  EXPECT_EQ(proxies.https->authorization, "Basic dXNlcjpodW50ZXIy");
  EXPECT_TRUE(proxies.no_proxy.covers(http::Url::parse("https://a.example").value()));
  EXPECT_FALSE(proxies_of({}).https);
}

TEST(Network, AClientCertificateIsForTheHostsOfTheUrls) {
  config::Upstream config;
  const std::vector<http::Url> urls{http::Url::parse("https://a.example:5000").value(),
                                    http::Url::parse("https://b.example").value()};
  EXPECT_FALSE(certificate_of(config, urls));
  config.client_certificate = config::ClientCertificate{"c.pem", "k.pem"};
  const auto certificate = certificate_of(config, urls);
  ASSERT_TRUE(certificate);
  EXPECT_EQ(certificate->certificate_file, "c.pem");
  EXPECT_EQ(certificate->key_file, "k.pem");
  EXPECT_EQ(certificate->hosts, (std::set<std::string>{"a.example", "b.example"}));
}

using NetworkTest = RegistryClientTest;

// The proxy plays all three hosts; none of them can be resolved here.
TEST_F(NetworkTest, RealmsAndRedirectsGoThroughTheProxyToo) {
  ScriptedServer proxy([](const Seen& seen) -> Reply {
    const std::string target = path_part(seen.target);
    if (target == "http://auth.reg.example/token") return {.body = R"({"token":"t"})"};
    if (target.starts_with("http://storage.example/")) return {.body = "blob"};
    if (seen.header("authorization") != "Bearer t") return TokenGate::challenge("http://auth.reg.example/token");
    return {.status = 307, .headers = {{"Location", "http://storage.example/blob?signature=1"}}};
  });
  const auto port = static_cast<std::uint16_t>(std::stoi(proxy.authority().substr(proxy.authority().find(':') + 1)));
  config_.proxies.http = config::Proxy{"127.0.0.1", port, "user", "hunter2"};
  use_credentials();
  connect_to({"http://reg.example"});
  auto blob = run(client_->get_blob({"a/b"}, digest_, {}, soon()));
  ASSERT_TRUE(blob) << blob.error().message;

  const auto log = proxy.log();
  ASSERT_EQ(log.size(), 4u);
  for (const Seen& seen : log) EXPECT_EQ(seen.header("proxy-authorization"), "Basic dXNlcjpodW50ZXIy") << seen.target;
  EXPECT_EQ(log[0].target, "http://reg.example" + blob_path_);
  EXPECT_EQ(path_part(log[1].target), "http://auth.reg.example/token");
  EXPECT_EQ(log[3].target, "http://storage.example/blob?signature=1");
  EXPECT_EQ(log[3].header("authorization"), "");
}

// Whatever a registry behind a proxy may be for the proxy, here it is a name.
TEST_F(NetworkTest, ARegistryBehindAProxyDoesNotRedirectIntoThisNetwork) {
  std::atomic<int> asked{0};
  std::string location;
  ScriptedServer proxy([&](const Seen&) -> Reply {
    ++asked;
    return {.status = 307, .headers = {{"Location", location}}};
  });
  const auto port = static_cast<std::uint16_t>(std::stoi(proxy.authority().substr(proxy.authority().find(':') + 1)));
  config_.proxies.http = config::Proxy{"127.0.0.1", port};
  connect_to({"http://reg.example"});
  for (const char* host : {"127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254"}) {
    location = "http://" + std::string(host) + ":5000/";
    const Error error = error_of(run(manifest()));
    EXPECT_EQ(error.code, Errc::BadGateway);
    EXPECT_NE(error.message.find("which is not allowed"), std::string::npos) << error.message;
  }
  EXPECT_EQ(asked, 4);
}

}  // namespace
}  // namespace entrepot::upstream
