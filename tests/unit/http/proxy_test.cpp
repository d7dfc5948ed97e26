#include "entrepot/http/proxy.hpp"

#include <gtest/gtest.h>

namespace entrepot::http {
namespace {

Url url(const std::string& text) { return Url::parse(text).value(); }

TEST(NoProxy, CoversHostsDomainsAddressesAndNetworks) {
  struct Case {
    const char* list;
    const char* url;
    bool covered;
  };
  for (const Case& c : {
           Case{"", "https://a.example", false},
           Case{"*", "https://a.example", true},
           Case{"*", "https://10.0.0.1", true},
           Case{"b.example,*", "https://a.example", true},

           Case{"example.com", "https://example.com", true},
           Case{"example.com", "https://registry.example.com", true},
           Case{"example.com", "https://a.b.example.com:5000", true},
           Case{"example.com", "https://badexample.com", false},
           Case{"example.com", "https://example.com.evil.example", false},
           Case{"example.com", "https://example.com./", true},
           Case{"EXAMPLE.com", "https://Example.COM", true},
           Case{".example.com", "https://example.com", false},
           Case{".example.com", "https://registry.example.com", true},
           Case{"*.example.com", "https://example.com", false},
           Case{"*.example.com", "https://registry.example.com", true},

           Case{"example.com:5000", "https://example.com:5000", true},
           Case{"example.com:5000", "https://a.example.com:5000", true},
           Case{"example.com:5000", "https://example.com", false},
           Case{"example.com:443", "https://example.com", true},
           Case{"example.com:443", "http://example.com", false},
           Case{".example.com:80", "http://a.example.com", true},

           Case{"10.0.0.1", "http://10.0.0.1:5000", true},
           Case{"10.0.0.1", "http://10.0.0.2", false},
           Case{"10.0.0.1:5000", "http://10.0.0.1:5000", true},
           Case{"10.0.0.1:5000", "http://10.0.0.1", false},
           Case{"10.0.0.1", "http://a.10.0.0.1.example", false},
           Case{"fd00::1", "http://[fd00::1]:5000", true},
           Case{"[fd00::1]", "http://[fd00::1]:5000", true},
           Case{"[fd00::1]:5000", "http://[fd00::1]:5000", true},
           Case{"[fd00::1]:5000", "http://[fd00::1]", false},
           Case{"10.0.0.1", "http://[::ffff:10.0.0.1]", true},

           Case{"10.0.0.0/8", "http://10.255.0.1", true},
           Case{"10.0.0.0/8", "http://11.0.0.1", false},
           Case{"10.1.2.3/8", "http://10.255.0.1", true},
           Case{"192.168.0.128/25", "http://192.168.0.127", false},
           Case{"192.168.0.128/25", "http://192.168.0.128", true},
           Case{"0.0.0.0/0", "http://8.8.8.8", true},
           Case{"0.0.0.0/0", "http://[2606:4700::1111]", false},
           Case{"fd00::/8", "http://[fdff::1]", true},
           Case{"fd00::/8", "http://[fe80::1]", false},
           Case{"::/0", "http://[2606:4700::1111]", true},
           Case{"::/0", "http://8.8.8.8", false},
           Case{"10.0.0.0/8", "http://[::ffff:10.0.0.1]", true},
           Case{"10.0.0.0/8", "http://name.example", false},  // names are not resolved for it

           Case{" a.example ,\tb.example c.example,", "https://b.example", true},
           Case{" a.example ,\tb.example c.example,", "https://c.example", true},

           // What is malformed covers nothing.
           Case{"10.0.0.0/33,10.0.0.0/x,/8,a.example/8", "http://10.0.0.1", false},
           Case{":5000", "http://a.example:5000", false},
           Case{"a.example:port", "http://a.example", false},
           Case{"a.example:99999", "http://a.example", false},
           Case{".,[,],[],:,*.", "http://a.example", false},
       }) {
    EXPECT_EQ(NoProxy(c.list).covers(url(c.url)), c.covered) << c.list << " " << c.url;
  }
}

TEST(Proxies, AreChosenByTheSchemeOfTheUrl) {
  const Proxies proxies{.http = Proxy{.host = "plain", .port = 1}, .https = Proxy{.host = "tunnel", .port = 2}};
  EXPECT_EQ(proxies.proxy_for(url("http://a.example"))->host, "plain");
  EXPECT_EQ(proxies.proxy_for(url("https://a.example"))->host, "tunnel");
  EXPECT_EQ(Proxies{}.proxy_for(url("https://a.example")), nullptr);
  EXPECT_EQ(Proxies{.http = Proxy{.host = "plain"}}.proxy_for(url("https://a.example")), nullptr);
}

TEST(Proxies, AreNotAskedForWhatNoProxyCovers) {
  const Proxies proxies{.https = Proxy{.host = "proxy"}, .no_proxy = NoProxy("a.example")};
  EXPECT_EQ(proxies.proxy_for(url("https://a.example")), nullptr);
  EXPECT_NE(proxies.proxy_for(url("https://b.example")), nullptr);
}

TEST(Proxies, AreNeverAskedForThisHost) {
  const Proxies proxies{.http = Proxy{.host = "proxy"}, .https = Proxy{.host = "proxy"}};
  for (const char* host : {"localhost", "LOCALHOST", "localhost.", "registry.localhost", "127.0.0.1", "127.8.9.1",
                           "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]", "127.1", "2130706433", "0x7f.1"}) {
    EXPECT_EQ(proxies.proxy_for(url("http://" + std::string(host) + ":5000")), nullptr) << host;
    EXPECT_EQ(proxies.proxy_for(url("https://" + std::string(host))), nullptr) << host;
  }
  EXPECT_NE(proxies.proxy_for(url("http://localhost.example")), nullptr);
  EXPECT_NE(proxies.proxy_for(url("http://notlocalhost")), nullptr);
}

TEST(Proxy, IsNamedByHostAndPort) {
  EXPECT_EQ((Proxy{.host = "proxy.example", .port = 3128, .authorization = "Basic secret"}.authority()),
            "proxy.example:3128");
  EXPECT_EQ((Proxy{.host = "fd00::1", .port = 80}.authority()), "[fd00::1]:80");
}

}  // namespace
}  // namespace entrepot::http
