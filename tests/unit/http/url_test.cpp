#include "entrepot/http/url.hpp"

#include <gtest/gtest.h>

namespace entrepot::http {
namespace {

Url url(std::string_view text) { return Url::parse(text).value(); }

TEST(Url, PartsAreSplitAndTheHostIsLowercase) {
  Url parsed = url("HTTPS://Registry-1.Docker.io/v2/?n=1#top");
  EXPECT_EQ(parsed.scheme, "https");
  EXPECT_EQ(parsed.host, "registry-1.docker.io");
  EXPECT_EQ(parsed.port, 443);
  EXPECT_EQ(parsed.target, "/v2/?n=1");
  EXPECT_TRUE(parsed.is_default_port());
}

TEST(Url, AuthorityAndTextRoundTrip) {
  struct Case {
    std::string_view text, authority, again;
  };
  for (const Case& c : {
           Case{"http://a", "a", "http://a/"},
           Case{"http://a:80/x", "a", "http://a/x"},
           Case{"http://a:/x", "a", "http://a/x"},
           Case{"https://a:80/x", "a:80", "https://a:80/x"},
           Case{"http://[::1]:5000/", "[::1]:5000", "http://[::1]:5000/"},
           Case{"http://127.0.0.1?q=1", "127.0.0.1", "http://127.0.0.1/?q=1"},
           Case{"http://under_score.example", "under_score.example", "http://under_score.example/"},
       }) {
    EXPECT_EQ(url(c.text).authority(), c.authority) << c.text;
    EXPECT_EQ(url(c.text).to_string(), c.again) << c.text;
  }
}

TEST(Url, AnIpv6HostHasNoBrackets) { EXPECT_EQ(url("http://[2001:DB8::1]/").host, "2001:db8::1"); }

TEST(Url, WhatIsNoHttpUrlIsInvalid) {
  for (std::string_view text : {"",
                                "/v2/",
                                "a.example",
                                "ftp://a/",
                                "http:/a",
                                "http://",
                                "http:///x",
                                "http://user@a/",
                                "http://u:p@a/",
                                "http://a b/",
                                "http://a/b c",
                                "http://a/\r\nX: y",
                                "http://a:0/",
                                "http://a:65536/",
                                "http://a:x/",
                                "http://[::1/",
                                "http://a%2eb/",
                                "http://a,b/",
                                "http://[v1.x]/",
                                "://a",
                                "http://\x01/"}) {
    auto parsed = Url::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Errc::Invalid) << text;
  }
}

TEST(Url, ErrorsShowNeitherPasswordNorQuery) {
  for (std::string_view text : {"http://u:secret@a/", "http://a b/?X-Signature=secret"}) {
    EXPECT_EQ(Url::parse(text).error().message.find("secret"), std::string::npos) << text;
  }
}

// What a CDN has signed is sent byte for byte, also where RFC 3986 would have it encoded otherwise.
TEST(Url, TargetsAreNeverNormalised) {
  for (std::string target : {"/a%2Fb%2f?X-Amz-Signature=%7e~|{}\"<>^`", "//double//slash", "/a/../b?x=/../",
                             "/%e4\xc3\xa4?a=b?c", "/a[1]=b&&c;d=%zz"}) {
    EXPECT_EQ(url("https://cdn.example" + target).target, target);
    EXPECT_EQ(url("https://r.example/v2/").resolve("https://cdn.example" + target).value().target, target);
  }
}

TEST(Url, ResolvesAsRfc3986Section54Says) {
  struct Case {
    std::string_view reference, expected;
  };
  Url base = url("http://a/b/c/d;p?q");
  for (const Case& c : {
           Case{"g", "http://a/b/c/g"},        Case{"./g", "http://a/b/c/g"},
           Case{"g/", "http://a/b/c/g/"},      Case{"/g", "http://a/g"},
           Case{"//g", "http://g/"},           Case{"?y", "http://a/b/c/d;p?y"},
           Case{"g?y", "http://a/b/c/g?y"},    Case{"#s", "http://a/b/c/d;p?q"},
           Case{"g#s", "http://a/b/c/g"},      Case{";x", "http://a/b/c/;x"},
           Case{"", "http://a/b/c/d;p?q"},     Case{".", "http://a/b/c/"},
           Case{"./", "http://a/b/c/"},        Case{"..", "http://a/b/"},
           Case{"../", "http://a/b/"},         Case{"../g", "http://a/b/g"},
           Case{"../..", "http://a/"},         Case{"../../../g", "http://a/g"},
           Case{"/./g", "http://a/g"},         Case{"/../g", "http://a/g"},
           Case{"g.", "http://a/b/c/g."},      Case{"..g", "http://a/b/c/..g"},
           Case{"./../g", "http://a/b/g"},     Case{"g/./h", "http://a/b/c/g/h"},
           Case{"g/../h", "http://a/b/c/h"},   Case{"g?y/../x", "http://a/b/c/g?y/../x"},
           Case{"https://h/x", "https://h/x"}, Case{"//h:81/x?y", "http://h:81/x?y"},
       }) {
    EXPECT_EQ(base.resolve(c.reference).value().to_string(), c.expected) << c.reference;
  }
}

TEST(Url, ARelativeLocationKeepsOriginAndToken) {
  std::string location = "/artifacts-downloads/namespaces/n/repositories/r/downloads/AbC_-%2B==";
  Url resolved = url("https://gcr.io:8443/v2/n/r/blobs/sha256:0").resolve(location).value();
  EXPECT_EQ(resolved.to_string(), "https://gcr.io:8443" + location);
}

TEST(Url, AReferenceThatIsNoUrlIsInvalid) {
  Url base = url("http://a/b");
  for (std::string_view reference : {"ftp://x/", "mailto:x", "//", "/a b", "/a\nb", "http://", "//u@h/"}) {
    EXPECT_FALSE(base.resolve(reference)) << reference;
  }
}

TEST(Url, OriginIsSchemeHostAndPort) {
  EXPECT_TRUE(url("http://A/x").same_origin(url("http://a:80/y")));
  EXPECT_FALSE(url("http://a").same_origin(url("https://a")));
  EXPECT_FALSE(url("http://a").same_origin(url("http://a:81")));
  EXPECT_FALSE(url("http://a").same_origin(url("http://b")));
}

TEST(PercentEncoding, AllButUnreservedIsEncoded) {
  EXPECT_EQ(percent_encode("aZ9-._~"), "aZ9-._~");
  EXPECT_EQ(percent_encode("repository:a/b:pull c+\xff"), "repository%3Aa%2Fb%3Apull%20c%2B%FF");
}

TEST(PercentEncoding, DecodesEscapesAndKeepsPlus) {
  EXPECT_EQ(percent_decode("a%2Fb%3a+").value(), "a/b:+");
  EXPECT_EQ(percent_decode("").value(), "");
}

TEST(PercentEncoding, BrokenEscapesAndNulAreInvalid) {
  for (std::string_view text : {"%", "%2", "%zz", "a%00b"}) EXPECT_FALSE(percent_decode(text)) << text;
  EXPECT_FALSE(percent_decode(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace entrepot::http
