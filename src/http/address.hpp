// What kind of network an address belongs to.
#pragma once

#include <boost/asio/ip/address.hpp>

#include "entrepot/http/client.hpp"

namespace entrepot::http {

AddressKind kind_of(const io::net::ip::address& address);

std::string_view name_of(AddressKind kind);  // for messages: "a private address"

}  // namespace entrepot::http
