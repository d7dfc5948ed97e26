// What kind of network an address belongs to.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <optional>
#include <string>

#include "entrepot/http/client.hpp"

namespace entrepot::http {

AddressKind kind_of(const io::net::ip::address& address);

// The address that a URL's host is the text of; none for a name. Resolvers take IPv4 addresses in more forms than one
// ("2852039166", "0xA9.254.0251.254", "127.1"), so all of them count, with a dot at their end too.
std::optional<io::net::ip::address> literal_address(const std::string& host);

std::string_view name_of(AddressKind kind);  // for messages: "a private address"

}  // namespace entrepot::http
