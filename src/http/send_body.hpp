// Sends one response: its head, and the body behind it as its plan says.
#pragma once

#include <string_view>

#include "http/connection_response.hpp"
#include "http/connection_transport.hpp"

namespace entrepot::http {

struct Sent {
  std::uint64_t bytes = 0;  // of the body, without what delimits it
  bool complete = false;    // false: the connection must be closed, so that the peer sees that the body is short
};

// A source is asked for parts until the announced length is reached, and for no more. Without an announced length its
// end ends the body; its error never does: then the last chunk is not sent.
io::Awaitable<Sent> send_response(Transport& transport, std::string_view head, const Body& body, BodyPlan plan);

}  // namespace entrepot::http
