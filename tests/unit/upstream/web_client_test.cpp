#include "upstream/web_client.hpp"

#include "unit/upstream/provider_fixture.hpp"
#include "unit/upstream/scripted_server.hpp"

namespace entrepot::upstream {
namespace {

class WebClientTest : public ProviderTest {
 protected:
  config::Upstream upstream_;
};

TEST_F(WebClientTest, AnyStatusIsAnAnswer) {
  test::ScriptedServer server([](const test::Seen&) { return test::Reply{.status = 403, .body = "no"}; });
  WebClient client(upstream_, context_);
  http::ClientRequest request{.method = "PUT", .url = *http::Url::parse(server.url("/a")), .headers = {}};
  Result<WebAnswer> answer = test::run_coro(io_, client.send_locally(std::move(request)));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 403u);
  EXPECT_EQ(answer->body, "no");
  EXPECT_EQ(server.log().at(0).method, "PUT");
  EXPECT_EQ(server.log().at(0).header("content-length"), "0");
}

TEST_F(WebClientTest, AProxyIsUsedButNotForWhatIsLocal) {
  test::ScriptedServer proxy([](const test::Seen&) { return test::Reply{.body = "by the proxy"}; });
  http::Url at = *http::Url::parse(proxy.url());
  upstream_.proxies.http = config::Proxy{.host = at.host, .port = at.port};
  WebClient client(upstream_, context_);
  const http::ClientRequest request{.method = "GET", .url = *http::Url::parse("http://sts.invalid/"), .headers = {}};
  EXPECT_EQ(test::run_coro(io_, client.send(request))->body, "by the proxy");
  EXPECT_FALSE(test::run_coro(io_, client.send_locally(request)));
  EXPECT_EQ(proxy.log().size(), 1u);
}

TEST_F(WebClientTest, MetadataAddressesAreForWhatIsLocalAlone) {
  WebClient client(upstream_, context_);
  const http::ClientRequest request{
      .method = "GET", .url = *http::Url::parse("http://169.254.169.254:1/"), .headers = {}};
  Result<WebAnswer> answer = test::run_coro(io_, client.send(request));
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message.find("metadata address"), std::string::npos) << answer.error().message;
}

}  // namespace
}  // namespace entrepot::upstream
