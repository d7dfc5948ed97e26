// What a client is told when there is nothing to serve: each cause as what it is.
#include "functional/daemon_test.hpp"

namespace entrepot::test {
namespace {

void expect_error(const Reply& reply, int status, const std::string& code) {
  EXPECT_EQ(reply.status, status);
  EXPECT_EQ(reply.header("Content-Type"), "application/json");
  EXPECT_TRUE(reply.body.starts_with(R"({"errors":[{"code":")" + code + "\"")) << reply.body;
  EXPECT_TRUE(reply.complete());
  EXPECT_FALSE(reply.has("WWW-Authenticate"));
}

struct UpstreamError {
  const char* name;
  Rule rule;
  int status;
  const char* manifest_code;
  const char* blob_code;
};

// GoogleTest would print its bytes.
void PrintTo(const UpstreamError& error, std::ostream* out) { *out << error.name; }

CannedAnswer refusal(unsigned status, HeaderList headers = {}) {
  headers.emplace_back("Content-Type", "application/json");
  return {status, headers, R"({"errors":[{"code":"SOME_CODE","message":"the upstream's own words"}]})"};
}

class UpstreamErrors : public DaemonTest, public ::testing::WithParamInterface<UpstreamError> {};

TEST_P(UpstreamErrors, ReachTheClientAsWhatTheyAre) {
  hub_config().timeouts.first_byte = 1s;
  Image image = make_image({make_blob(1000)});
  hub_.push("library/app", "1", image);
  hub_.add(GetParam().rule);
  start();
  std::string by_tag = manifest_path("library/app", "1");
  std::string blob = blob_path("library/app", image.layers[0].digest);
  expect_error(get(by_tag), GetParam().status, GetParam().manifest_code);
  expect_error(get(manifest_path("library/app", image.manifest.digest)), GetParam().status, GetParam().manifest_code);
  expect_error(get(blob), GetParam().status, GetParam().blob_code);
  for (const std::string& path : {by_tag, blob}) {
    Reply reply = head(path);
    EXPECT_EQ(reply.status, GetParam().status);
    EXPECT_TRUE(reply.body.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, UpstreamErrors,
    ::testing::Values(UpstreamError{"NotFound", {.answer = CannedAnswer{404}}, 404, "MANIFEST_UNKNOWN", "BLOB_UNKNOWN"},
                      UpstreamError{"Unauthorized", {.answer = CannedAnswer{401}}, 403, "DENIED", "DENIED"},
                      UpstreamError{"Forbidden", {.answer = CannedAnswer{403}}, 403, "DENIED", "DENIED"},
                      UpstreamError{
                          "TooMany", {.answer = CannedAnswer{429}}, 429, "TOOMANYREQUESTS", "TOOMANYREQUESTS"},
                      UpstreamError{"Unavailable", {.answer = CannedAnswer{503}}, 503, "UNAVAILABLE", "UNAVAILABLE"},
                      UpstreamError{"Internal", {.answer = CannedAnswer{500}}, 502, "UNAVAILABLE", "UNAVAILABLE"},
                      UpstreamError{"BadGateway", {.answer = CannedAnswer{502}}, 502, "UNAVAILABLE", "UNAVAILABLE"},
                      UpstreamError{"Timeout", {.black_hole = true}, 504, "UNAVAILABLE", "UNAVAILABLE"}),
    [](const auto& table_row) { return std::string(table_row.param.name); });

class ErrorsTest : public DaemonTest {
 protected:
  ErrorsTest() { hub_.push("library/app", "1", make_image({})); }
};

TEST_F(ErrorsTest, AnUnreachableUpstreamIsABadGateway) {
  start();
  hub_.stop();
  EXPECT_EQ(get(manifest_path("library/app", "1")).status, 502);
  EXPECT_EQ(get(blob_path("library/app", make_blob(10).digest)).status, 502);
}

TEST_F(ErrorsTest, TheUpstreamsOwnMessageIsInTheBody) {
  hub_.add({.answer = refusal(403)});
  start();
  Reply reply = get(manifest_path("library/app", "1"));
  expect_error(reply, 403, "DENIED");
  EXPECT_NE(reply.body.find("the upstream's own words"), std::string::npos) << reply.body;
}

TEST_F(ErrorsTest, RetryAfterIsTheUpstreamsElseOurOwn) {
  start();
  auto rule = hub_.add({.answer = refusal(429, {{"Retry-After", "17"}})});
  EXPECT_EQ(get(manifest_path("library/app", "1")).header("Retry-After"), "17");
  hub_.remove(rule);
  ghcr_.add({.answer = refusal(429)});
  EXPECT_TRUE(get("/v2/ghcr.io/team/app/manifests/1").has("Retry-After"));
}

TEST_F(ErrorsTest, AnErrorBodyThatIsNoJsonIsNoTrouble) {
  hub_.add({.answer = CannedAnswer{429, {{"Content-Type", "text/plain"}}, "Too Many Requests (HAP429).\n"}});
  start();
  Reply reply = get(manifest_path("library/app", "1"));
  expect_error(reply, 429, "TOOMANYREQUESTS");
  EXPECT_NE(reply.body.find("HAP429"), std::string::npos) << reply.body;
}

TEST_F(ErrorsTest, AnEncodedBodyIsABadGatewayAndIsNotStored) {
  Object blob = make_blob(100'000);
  hub_.push_blob("library/app", blob);
  hub_.add({.answer = CannedAnswer{.headers = {{"Content-Encoding", "gzip"}}, .body = "\x1f\x8b"}});
  start();
  for (const std::string& path : {manifest_path("library/app", "1"), blob_path("library/app", blob.digest)})
    EXPECT_EQ(get(path).status, 502) << path;
  hub_.behave();
  EXPECT_EQ(get(manifest_path("library/app", "1")).status, 200);
  EXPECT_EQ(get(blob_path("library/app", blob.digest)).body, blob.text());
}

TEST_F(ErrorsTest, AnUnknownRepositoryIs404) {
  start();
  EXPECT_EQ(get(manifest_path("library/none", "1")).status, 404);
  expect_error(get("/v2/library/none/tags/list"), 404, "NAME_UNKNOWN");
}

TEST_F(ErrorsTest, MalformedRequestsAreToldSoAndNotForwarded) {
  start();
  std::string md5 = "md5:d41d8cd98f00b204e9800998ecf8427e";
  struct Case {
    std::string path;
    const char* code;
  };
  for (const Case& c : {Case{blob_path("library/app", "sha256:abc"), "DIGEST_INVALID"},
                        Case{blob_path("library/app", md5), "DIGEST_INVALID"},
                        Case{manifest_path("library/app", "sha256:" + std::string(64, 'X')), "DIGEST_INVALID"},
                        Case{manifest_path("library/App", "1"), "NAME_INVALID"},
                        Case{manifest_path("library/app", ".1"), "TAG_INVALID"},
                        Case{manifest_path("library/app", std::string(129, 'a')), "TAG_INVALID"},
                        Case{"/v2/library/app/tags/list?n=many", "PAGINATION_NUMBER_INVALID"},
                        Case{"/v2/_catalog?n=-1", "PAGINATION_NUMBER_INVALID"},
                        Case{"/v2/library/app/referrers/sha256:abc", "DIGEST_INVALID"}})
    expect_error(get(c.path), 400, c.code);
  EXPECT_EQ(hub_.log().count("", "*"), 0u);
}

TEST_F(ErrorsTest, WhateverWritesIs405) {
  start();
  for (const char* method : {"PUT", "DELETE", "POST", "PATCH"})
    for (const std::string& path : {manifest_path("library/app", "1"), std::string("/v2/library/app/blobs/uploads/")}) {
      Reply reply = request(port(), method, path);
      expect_error(reply, 405, "UNSUPPORTED");
      EXPECT_EQ(reply.header("Allow"), "GET, HEAD");
    }
  EXPECT_EQ(hub_.log().count("", "*"), 0u);
}

TEST_F(ErrorsTest, ABodyThatIsPushedIsNotTakenForTheNextRequest) {
  start();
  HttpConnection connection(port());
  connection.send("PUT", manifest_path("library/app", "1"), {{"Content-Length", "28"}});
  connection.send_raw("GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_GE(connection.read_reply().status, 400);
  Reply next = connection.read_head();
  EXPECT_EQ(next.status, 0);  // the connection ended
}

TEST_F(ErrorsTest, AnErrorLeavesTheConnectionUsable) {
  start();
  HttpConnection connection(port());
  EXPECT_EQ(connection.request("GET", manifest_path("library/app", "none")).status, 404);
  EXPECT_EQ(connection.request("HEAD", manifest_path("library/app", "none")).status, 404);
  EXPECT_EQ(connection.request("GET", manifest_path("library/app", "1")).status, 200);
}

TEST_F(ErrorsTest, Schema1IsNotServed) {
  Object schema1 = make_object("application/vnd.docker.distribution.manifest.v1+json",
                               R"({"schemaVersion":1,"name":"library/app","tag":"old","fsLayers":[]})");
  hub_.push_manifest("library/app", schema1, "old");
  start();
  EXPECT_EQ(get(manifest_path("library/app", "old")).status, 404);
}

TEST_F(ErrorsTest, ARedirectThatLeadsNowhereIsABadGateway) {
  start();
  std::string path = blob_path("library/app", make_blob(10).digest);
  for (const std::string& location : {path, std::string("http://169.254.169.254/latest/meta-data/"),
                                      std::string("ftp://127.0.0.1/"), std::string()}) {
    auto rule = hub_.add({.path = path, .answer = CannedAnswer{307, {{"Location", location}}}});
    EXPECT_EQ(get(path).status, 502) << location;
    hub_.remove(rule);
  }
  EXPECT_LT(hub_.log().count("GET", path), 40u);
}

TEST_F(ErrorsTest, AFailureIsNotRemembered) {
  auto rule = hub_.add({.answer = CannedAnswer{500}});
  start();
  EXPECT_EQ(get(manifest_path("library/app", "1")).status, 502);
  hub_.remove(rule);
  EXPECT_EQ(get(manifest_path("library/app", "1")).status, 200);
}

}  // namespace
}  // namespace entrepot::test
