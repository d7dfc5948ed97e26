#include "http/address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <set>

namespace entrepot::http {

namespace {

using io::net::ip::address;
using io::net::ip::address_v4;
using io::net::ip::address_v6;

bool in(const address_v4& ip, std::uint32_t network, int prefix) {
  return (ip.to_uint() ^ network) >> (32 - prefix) == 0;
}

// Where clouds hand out a machine's or a container's credentials to whoever asks from there.
bool is_metadata(const address& ip) {
  static const std::set<address> kKnown = [] {
    std::set<address> known;
    for (const char* literal : {
             "169.254.169.254",  // AWS, Google, Azure and most others
             "fd00:ec2::254",    // AWS
             "fd20:ce::254",     // Google
             "100.100.100.200",  // Alibaba
             "169.254.170.2",    // ECS: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI
             "169.254.170.23",   // EKS Pod Identity
             "fd00:ec2::23",     // likewise
         }) {
      known.insert(io::net::ip::make_address(literal));
    }
    return known;
  }();
  return kKnown.contains(ip);
}

AddressKind kind_of_v4(const address_v4& ip) {
  if (is_metadata(ip)) return AddressKind::Metadata;
  if (in(ip, 0x7F000000, 8) || in(ip, 0, 8)) return AddressKind::Loopback;
  if (in(ip, 0xA9FE0000, 16)) return AddressKind::LinkLocal;
  bool is_private = in(ip, 0x0A000000, 8) || in(ip, 0xAC100000, 12) || in(ip, 0xC0A80000, 16) || in(ip, 0x64400000, 10);
  return is_private ? AddressKind::Private : AddressKind::Public;
}

AddressKind kind_of_v6(const address_v6& ip) {
  if (ip.is_v4_mapped()) return kind_of_v4(io::net::ip::make_address_v4(io::net::ip::v4_mapped, ip));
  const address_v6::bytes_type bytes = ip.to_bytes();
  constexpr std::array<unsigned char, 12> kNat64{0x00, 0x64, 0xff, 0x9b};  // 64:ff9b::/96 (RFC 6052)
  if (std::equal(kNat64.begin(), kNat64.end(), bytes.begin())) {
    return kind_of_v4(address_v4({bytes[12], bytes[13], bytes[14], bytes[15]}));
  }
  if (is_metadata(ip)) return AddressKind::Metadata;
  if (ip.is_loopback() || ip.is_unspecified()) return AddressKind::Loopback;
  if (ip.is_link_local()) return AddressKind::LinkLocal;
  return (bytes[0] & 0xFE) == 0xFC ? AddressKind::Private : AddressKind::Public;
}

}  // namespace

AddressKind kind_of(const address& address) {
  return address.is_v4() ? kind_of_v4(address.to_v4()) : kind_of_v6(address.to_v6());
}

AddressKind kind_of(const std::string& ip_literal) {
  boost::system::error_code malformed;
  address parsed = io::net::ip::make_address(ip_literal, malformed);
  return malformed ? AddressKind::Metadata : kind_of(parsed);
}

bool is_this_machine(const std::string& host) { return host == "localhost" || kind_of(host) == AddressKind::Loopback; }

std::optional<address> literal_address(const std::string& host) {
  boost::system::error_code malformed;
  address parsed = io::net::ip::make_address(host, malformed);
  if (!malformed) return parsed;
  in_addr ipv4{};
  const std::string undotted = host.ends_with('.') ? host.substr(0, host.size() - 1) : host;
  if (::inet_aton(undotted.c_str(), &ipv4) == 0) return std::nullopt;
  return address_v4(ntohl(ipv4.s_addr));
}

std::string_view name_of(AddressKind kind) {
  switch (kind) {
    case AddressKind::Public:
      return "a public address";
    case AddressKind::Private:
      return "a private address";
    case AddressKind::Loopback:
      return "a loopback address";
    case AddressKind::LinkLocal:
      return "a link-local address";
    case AddressKind::Metadata:
      return "a metadata address";
  }
  return "an address";
}

bool AddressRule::allows(AddressKind kind) const {
  if (kind == AddressKind::Metadata) return metadata;
  return any || kind == AddressKind::Public || also.contains(kind);
}

}  // namespace entrepot::http
