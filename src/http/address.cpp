#include "http/address.hpp"

#include <arpa/inet.h>

namespace entrepot::http {

namespace {

using io::net::ip::address;
using io::net::ip::address_v4;
using io::net::ip::address_v6;

bool in(const address_v4& ip, std::uint32_t network, int prefix) {
  return (ip.to_uint() ^ network) >> (32 - prefix) == 0;
}

AddressKind kind_of_v4(const address_v4& ip) {
  if (ip.to_uint() == 0xA9FEA9FE) return AddressKind::Metadata;
  if (in(ip, 0x7F000000, 8) || in(ip, 0, 8)) return AddressKind::Loopback;
  if (in(ip, 0xA9FE0000, 16)) return AddressKind::LinkLocal;
  bool is_private = in(ip, 0x0A000000, 8) || in(ip, 0xAC100000, 12) || in(ip, 0xC0A80000, 16) || in(ip, 0x64400000, 10);
  return is_private ? AddressKind::Private : AddressKind::Public;
}

AddressKind kind_of_v6(const address_v6& ip) {
  if (ip.is_v4_mapped()) return kind_of_v4(io::net::ip::make_address_v4(io::net::ip::v4_mapped, ip));
  address_v6::bytes_type bytes = ip.to_bytes();
  const address_v6::bytes_type metadata{0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54};
  if (bytes == metadata) return AddressKind::Metadata;
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
