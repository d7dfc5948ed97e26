// Of a name's addresses, the first that answers: Happy Eyeballs (RFC 8305), so that one that is dead, as all of IPv6 in
// many a network, costs a quarter of a second and not a timeout.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <string>

#include "http/client/resolver.hpp"
#include "http/client/watchdog.hpp"

namespace entrepot::http::client {

// IPv6 and IPv4 in turn, beginning with the kind of the first; those of a kind in the order in which they come (RFC
// 8305, 4). Pure.
Addresses in_turn(const Addresses& addresses);

struct Connected {
  Socket socket;
  net::ip::address address;
};

// Connects to one after the other of `addresses`, in their order: each 250 ms after the one before, or as soon as all
// before have failed or one just has. The first connection that stands is the answer, the others are closed. What is
// left in `addresses` are those of which nothing is known.
//
// Errc::BadGateway if all have failed (the message is about the last), Errc::Timeout at `deadline`; both begin with
// `peer`.
io::Awaitable<Result<Connected>> connect_first(Addresses& addresses, std::uint16_t port, const std::string& peer,
                                               io::Deadline deadline);

}  // namespace entrepot::http::client
