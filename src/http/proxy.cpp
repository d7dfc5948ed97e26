#include "entrepot/http/proxy.hpp"

#include <algorithm>
#include <charconv>

#include "entrepot/base/text.hpp"
#include "http/address.hpp"

namespace entrepot::http {

namespace {

namespace ip = io::net::ip;

template <class T>
std::optional<T> decimal(std::string_view text) {
  T number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// An IPv4 address that is mapped into IPv6 as what it is.
ip::address unmapped(const ip::address& address) {
  if (address.is_v4() || !address.to_v6().is_v4_mapped()) return address;
  return ip::make_address_v4(ip::v4_mapped, address.to_v6());
}

template <class Bytes>
bool share_prefix(const Bytes& a, const Bytes& b, unsigned bits) {
  for (unsigned i = 0; i < a.size() && bits > 8 * i; ++i) {
    const unsigned counted = std::min(bits - 8 * i, 8u);
    if (((a[i] ^ b[i]) >> (8 - counted)) != 0) return false;
  }
  return true;
}

bool is_within(const ip::address& address, const ip::address& network, unsigned prefix) {
  if (address.is_v4() != network.is_v4()) return false;
  return address.is_v4() ? share_prefix(address.to_v4().to_bytes(), network.to_v4().to_bytes(), prefix)
                         : share_prefix(address.to_v6().to_bytes(), network.to_v6().to_bytes(), prefix);
}

std::optional<ip::address> parse_ip(std::string_view text) {
  boost::system::error_code malformed;
  ip::address address = ip::make_address(std::string(text), malformed);
  if (malformed) return std::nullopt;
  return address;
}

struct HostAndPort {
  std::string_view host;
  std::optional<std::string_view> port{};
};

// "host", "host:1", "[::1]", "[::1]:1"; "::1" is all host.
HostAndPort split(std::string_view text) {
  HostAndPort parts{text};
  if (text.starts_with('[')) {
    const auto end = std::min(text.find(']'), text.size() - 1);
    parts.host = text.substr(1, end - 1);
    if (text.substr(end + 1).starts_with(':')) parts.port = text.substr(end + 2);
  } else if (const auto colon = text.find(':'); colon != text.npos && colon == text.rfind(':')) {
    parts.host = text.substr(0, colon);
    parts.port = text.substr(colon + 1);
  }
  return parts;
}

bool is_port(const std::optional<std::uint16_t>& wanted, std::uint16_t port) { return !wanted || *wanted == port; }

// A name with a dot at its end is the same name; those under "localhost" are this host (RFC 6761, 6.3).
bool is_loopback(const Url& url) {
  if (const auto address = literal_address(url.host)) return kind_of(*address) == AddressKind::Loopback;
  std::string_view name = url.host;
  if (name.ends_with('.')) name.remove_suffix(1);
  return name == "localhost" || name.ends_with(".localhost");
}

}  // namespace

std::string Proxy::authority() const { return host_and_port(host, port); }

NoProxy::NoProxy(std::string_view list) {
  constexpr std::string_view kSeparators = ", \t\r\n";
  for (std::size_t begin = 0; (begin = list.find_first_not_of(kSeparators, begin)) != list.npos;) {
    const std::size_t end = std::min(list.find_first_of(kSeparators, begin), list.size());
    add(lowercase(list.substr(begin, end - begin)));
    begin = end;
  }
}

void NoProxy::add(std::string_view entry) {
  if (entry == "*") {
    all_ = true;
    return;
  }
  if (const auto slash = entry.find('/'); slash != entry.npos) {
    const auto address = parse_ip(entry.substr(0, slash));
    const auto prefix = decimal<unsigned>(entry.substr(slash + 1));
    if (!address || !prefix || *prefix > (address->is_v4() ? 32u : 128u)) return;
    networks_.push_back({*address, *prefix, std::nullopt});
    return;
  }
  auto [host, port_text] = split(entry);
  std::optional<std::uint16_t> port;
  if (port_text) {
    port = decimal<std::uint16_t>(*port_text);
    if (!port) return;
  }
  if (const auto address = parse_ip(host)) {
    networks_.push_back({unmapped(*address), 128, port});
    return;
  }
  if (host.starts_with("*.")) host.remove_prefix(1);
  const bool itself = !host.starts_with('.');
  if (host.empty() || host == ".") return;
  domains_.push_back({(itself ? "." : "") + std::string(host), itself, port});
}

bool NoProxy::covers(const Url& url) const {
  if (all_) return true;
  if (const auto address = literal_address(url.host)) {
    return std::ranges::any_of(networks_, [&, ip = unmapped(*address)](const Network& network) {
      return is_port(network.port, url.port) && is_within(ip, network.address, network.prefix);
    });
  }
  std::string_view host = url.host;
  if (host.ends_with('.')) host.remove_suffix(1);
  return std::ranges::any_of(domains_, [&](const Domain& domain) {
    const bool matches = host.ends_with(domain.suffix) || (domain.itself && host == domain.suffix.substr(1));
    return matches && is_port(domain.port, url.port);
  });
}

const Proxy* Proxies::proxy_for(const Url& url) const {
  const std::optional<Proxy>& proxy = url.scheme == "https" ? https : http;
  if (!proxy || is_loopback(url) || no_proxy.covers(url)) return nullptr;
  return &*proxy;
}

}  // namespace entrepot::http
