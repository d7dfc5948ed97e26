// Which upstream a request goes to, as clients of every kind ask for it.
#include "functional/daemon_test.hpp"

namespace entrepot::test {
namespace {

class RoutingTest : public DaemonTest {
 protected:
  RoutingTest() {
    hub_.push("library/app", "1", on_hub_);
    ghcr_.push("team/app", "1", on_ghcr_);
    hub_config().aliases = {"index.docker.io"};
    hub_config().prefixes = {"docker-hub"};
  }

  Image on_hub_ = make_image({}, 1);
  Image on_ghcr_ = make_image({}, 2);
};

TEST_F(RoutingTest, ThePingNeedsNoUpstream) {
  start();
  hub_.stop();
  for (const char* path : {"/v2", "/v2/", "/ghcr.io/v2/", "/docker-hub/v2/", "/v2/?ns=ghcr.io"}) {
    Reply reply = get(path);
    EXPECT_EQ(reply.status, 200) << path;
    EXPECT_EQ(reply.body, "{}") << path;
    EXPECT_EQ(reply.header("Content-Type"), "application/json") << path;
    EXPECT_EQ(reply.header("Docker-Distribution-API-Version"), "registry/2.0") << path;
    EXPECT_FALSE(reply.has("WWW-Authenticate")) << path;
  }
}

TEST_F(RoutingTest, EveryShapeOfAPathReachesItsUpstream) {
  start();
  for (const char* path :
       {"/v2/library/app/manifests/1", "/v2/app/manifests/1", "/v2/docker.io/library/app/manifests/1",
        "/v2/docker-hub/app/manifests/1", "/docker-hub/v2/library/app/manifests/1",
        "/v2/library/app/manifests/1?ns=docker.io", "/v2/library/app/manifests/1?ns=index.docker.io",
        "/v2/docker-hub/library/app/manifests/1?ns=docker.io", "/v2/app/manifests/1?ns="})
    EXPECT_EQ(get(path).body, on_hub_.manifest.text()) << path;
  for (const char* path : {"/v2/ghcr.io/team/app/manifests/1", "/ghcr.io/v2/team/app/manifests/1",
                           "/v2/team/app/manifests/1?ns=ghcr.io", "/v2/ghcr.io/team/app/manifests/1?ns=ghcr.io"})
    EXPECT_EQ(get(path).body, on_ghcr_.manifest.text()) << path;
}

TEST_F(RoutingTest, ABlobUnderEachOfItsNamesIsOneDownload) {
  Object blob = make_blob(100'000);
  hub_.push_blob("library/app", blob);
  start();
  for (const std::string& path :
       {"/v2/app/blobs/" + blob.digest, "/v2/library/app/blobs/" + blob.digest + "?ns=docker.io",
        "/v2/library/app/blobs/" + blob.digest + "?ns=index.docker.io",
        "/docker-hub/v2/library/app/blobs/" + blob.digest, "/v2/docker-hub/app/blobs/" + blob.digest})
    EXPECT_EQ(get(path).body, blob.text()) << path;
  expect_one_download(hub_, blob_path("library/app", blob.digest), blob.size());
}

TEST_F(RoutingTest, AnAnswerToNsNamesItAsItWasSent) {
  start();
  EXPECT_EQ(get("/v2/app/manifests/1?ns=index.docker.io").header("OCI-Namespace"), "index.docker.io");
  EXPECT_EQ(get("/v2/team/none/manifests/1?ns=ghcr.io").header("OCI-Namespace"), "ghcr.io");
  EXPECT_FALSE(get("/v2/app/manifests/1").has("OCI-Namespace"));
  HttpConnection connection(port());
  connection.send_raw("PUT /v2/app/manifests/1?ns=docker.io HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
  EXPECT_EQ(connection.read_reply().header("OCI-Namespace"), "docker.io");
}

TEST_F(RoutingTest, AListenersUpstreamIsTheOnlyOneItReaches) {
  config_.listeners[1].upstream = "ghcr.io";
  start();
  EXPECT_EQ(request(port(1), "GET", "/v2/team/app/manifests/1").body, on_ghcr_.manifest.text());
  EXPECT_EQ(request(port(1), "GET", "/v2/team/app/manifests/1?ns=ghcr.io").body, on_ghcr_.manifest.text());
  Reply other = request(port(1), "GET", "/v2/library/app/manifests/1?ns=docker.io");
  EXPECT_EQ(other.status, 404);
  EXPECT_NE(other.body.find("NAME_UNKNOWN"), std::string::npos);
}

TEST_F(RoutingTest, WithoutADefaultUpstreamARequestNamesOne) {
  config_.default_upstream.clear();
  start();
  EXPECT_EQ(get("/v2/").status, 200);
  for (const char* path : {"/v2/library/app/manifests/1", "/v2/library/app/tags/list", "/v2/app/manifests/1?ns="}) {
    Reply reply = get(path);
    EXPECT_EQ(reply.status, 404) << path;
    EXPECT_NE(reply.body.find("NAME_UNKNOWN"), std::string::npos) << path;
    EXPECT_NE(reply.body.find("names no upstream"), std::string::npos) << reply.body;
  }
  EXPECT_EQ(get("/v2/team/app/manifests/1?ns=ghcr.io").body, on_ghcr_.manifest.text());
  EXPECT_EQ(get("/v2/docker.io/app/manifests/1").body, on_hub_.manifest.text());
  const std::string all = R"({"repositories":["docker.io/library/app","ghcr.io/team/app"]})";
  EXPECT_EQ(get_until("/v2/_catalog", all).body, all);
}

TEST_F(RoutingTest, TheWorldIsClosed) {
  start();
  for (const char* path : {"/v2/library/app/manifests/1?ns=quay.io", "/v2/quay.io/app/manifests/1",
                           "/v2/localhost/app/manifests/1", "/v2/ghcr.io/team/app/manifests/1?ns=docker.io"}) {
    Reply reply = get(path);
    EXPECT_EQ(reply.status, 404) << path;
    EXPECT_NE(reply.body.find("NAME_UNKNOWN"), std::string::npos) << path;
  }
  EXPECT_EQ(get("/v2/app/manifests/1?ns=docker.io&ns=ghcr.io").status, 400);
  EXPECT_EQ(hub_.log().count("", "*"), 0u);
  EXPECT_EQ(ghcr_.log().count("", "*"), 0u);
}

}  // namespace
}  // namespace entrepot::test
