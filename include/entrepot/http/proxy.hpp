// Through which proxy, if any, a URL is reached. The rules are those of HTTP_PROXY, HTTPS_PROXY and NO_PROXY as Go
// understands them (golang.org/x/net/http/httpproxy), since that is what registries' clients go by. Pure.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "entrepot/http/url.hpp"

namespace entrepot::http {

// Spoken to in clear text: a tunnel (CONNECT) for https, absolute-form requests for http.
struct Proxy {
  std::string host;  // a name, or an IP literal without brackets
  std::uint16_t port = 80;
  std::string authorization{};  // the value of Proxy-Authorization; "": none is sent

  std::string authority() const;  // "host:port", for messages
};

// The hosts that are reached directly.
class NoProxy {
 public:
  // A list with commas or white space between: hosts ("example.com" with all that lies under it, ".example.com" and
  // "*.example.com" only that), IP addresses, networks ("10.0.0.0/8"), each of the first two with a port or without;
  // "*" is every host. What is none of these covers nothing.
  explicit NoProxy(std::string_view list = {});

  bool covers(const Url& url) const;

 private:
  struct Network {
    boost::asio::ip::address address;
    unsigned prefix;  // in bits
    std::optional<std::uint16_t> port;
  };
  struct Domain {
    std::string suffix;  // with a dot in front
    bool itself;
    std::optional<std::uint16_t> port;
  };

  void add(std::string_view entry);

  bool all_ = false;
  std::vector<Network> networks_;
  std::vector<Domain> domains_;
};

struct Proxies {
  std::optional<Proxy> http{};   // of http:// URLs
  std::optional<Proxy> https{};  // of https:// URLs
  NoProxy no_proxy{};

  // Null: directly. localhost and loopback addresses are never asked of a proxy, for which they would mean itself.
  const Proxy* proxy_for(const Url& url) const;
};

}  // namespace entrepot::http
