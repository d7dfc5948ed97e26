#include "config/value.hpp"

#include <gtest/gtest.h>

namespace entrepot::config::value {
namespace {

// Each of `texts` is refused, with a message that says what is expected.
template <class Parse>
void expect_refused(const Parse& parse, std::initializer_list<std::string_view> texts) {
  for (const std::string_view text : texts) {
    const auto result = parse(text);
    ASSERT_FALSE(result) << '"' << text << '"';
    EXPECT_TRUE(result.error().message.starts_with("expected ")) << result.error().message;
  }
}

TEST(Value, BooleanIsTrueOrFalse) {
  EXPECT_TRUE(boolean("true").value());
  EXPECT_FALSE(boolean("false").value());
  expect_refused(boolean, {"", "yes", "no", "1", "True", "on"});
}

TEST(Value, ThreadsAreZeroTo1024) {
  EXPECT_EQ(threads("0").value(), 0u);
  EXPECT_EQ(threads("1024").value(), 1024u);
  expect_refused(threads, {"", "1025", "-1", "+1", "1.5", "0x10", "four", "99999999999999999999", "2 "});
}

TEST(Value, SizeAndDurationHaveUnits) {
  EXPECT_EQ(size("10GiB").value(), 10 * kGiB);
  EXPECT_EQ(duration("0").value(), 0s);
  EXPECT_EQ(duration("36500d").value(), 24h * 36500);
  EXPECT_EQ(positive_duration("1ms").value(), 1ms);
  expect_refused(size, {"", "10", "10G", "-1B"});
  expect_refused(duration, {"", "10", "ten", "36501d"});
  expect_refused(positive_duration, {"0", "0s", "1x"});
}

TEST(Value, AddressIsAnIpLiteralAndAPort) {
  const struct {
    const char* text;
    Address address;
  } cases[] = {{"0.0.0.0:5000", {"0.0.0.0", 5000}},
               {"127.0.0.1:0", {"127.0.0.1", 0}},
               {"[::]:65535", {"::", 65535}},
               {"[0:0::1]:80", {"::1", 80}},
               {"[FE80::A]:80", {"fe80::a", 80}}};
  for (const auto& c : cases) {
    const auto result = address(c.text);
    ASSERT_TRUE(result) << c.text;
    EXPECT_EQ(*result, c.address) << c.text;
  }
  expect_refused(address, {"", ":5000", "5000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
                           "127.1:80", "localhost:5000", "::1:5000", "[::1]", "[127.0.0.1]:80", "[]:80", "1.2.3.4:80 ",
                           std::string_view("1.2.3.4\0x:80", 12)});
}

TEST(Value, UrlIsAbsoluteWithoutUserQueryAndFragment) {
  for (const char* text :
       {"https://registry-1.docker.io", "http://127.0.0.1:5000", "https://[::1]:5000/",
        "https://Registry.Example.com/artifactory/api/docker/hub", "http://registry_1:80", "https://a/%2Fb"}) {
    ASSERT_TRUE(url(text)) << text;
    EXPECT_EQ(*url(text), text);
  }
  expect_refused(url, {"",
                       "ghcr.io",
                       "//ghcr.io",
                       "ftp://ghcr.io",
                       "HTTPS://ghcr.io",
                       "https://",
                       "https:///x",
                       "https://user@ghcr.io",
                       "https://u:p@ghcr.io/",
                       "https://ghcr.io?x",
                       "https://ghcr.io/#x",
                       "https://ghcr.io/v2",
                       "https://ghcr.io/v2/",
                       "https://ghcr.io:0",
                       "https://ghcr.io:99999",
                       "https://ghcr.io:",
                       "https://gh cr.io",
                       "https://ghcr.io/a b",
                       "https://ghcr.io/%4",
                       "https://ghcr.io/%zz",
                       "https://[::1",
                       "https://[ghcr]/",
                       "https://ghcr.io/\r\nHost: x",
                       "https://-x/"});
}

TEST(Value, UpstreamNameIsAHostWithOrWithoutPort) {
  for (const char* text :
       {"docker.io", "ghcr.io", "registry.local:5000", "localhost", "10.0.0.1:5000", "a", "my_hub"}) {
    EXPECT_TRUE(upstream_name(text)) << text;
  }
  expect_refused(upstream_name, {"", "GHCR.io", "a/b", ".", "..", "-a", "a.", "a b", "a%2Fb", "a?b", "a:", "a:0",
                                 "a:65536", "a:b", "v2", "_catalog", "https://ghcr.io", std::string(256, 'a')});
}

TEST(Value, PrefixHasOneOrMoreComponents) {
  for (const char* text : {"docker-hub", "team/hub", "a/b/c", "registry.local:5000", "hub.v2"}) {
    EXPECT_TRUE(prefix(text)) << text;
  }
  expect_refused(prefix, {"", "/", "/a", "a/", "a//b", "a/../b", "a/v2", "v2", "Hub", "a b"});
}

TEST(Value, HostHasNoSchemeAndNoPort) {
  EXPECT_EQ(host("Auth.Docker.io").value(), "auth.docker.io");
  EXPECT_EQ(host("::1").value(), "::1");
  expect_refused(host, {"", "https://auth.docker.io", "auth.docker.io:443", "auth.docker.io/token", "u@h", "[::1]"});
}

TEST(Value, CredentialHelperIsANameOrAnAbsolutePath) {
  for (const char* text : {"ecr-login", "pass", "gcloud.2_x", "/opt/helper", "/opt/my helper/../h"}) {
    EXPECT_EQ(*credential_helper(text), text);
  }
  for (const char* text : {"", "a/b", "../a", "./a", "a b", "a;b", "$(id)", "-\n"}) {
    EXPECT_FALSE(credential_helper(text)) << text;
  }
}

TEST(Value, OneOfNamesTheChoices) {
  const OneOf<int> choice{{"one", 1}, {"two", 2}};
  EXPECT_EQ(choice("two").value(), 2);
  EXPECT_EQ(choice("three").error().message, "expected one or two");
}

}  // namespace
}  // namespace entrepot::config::value
