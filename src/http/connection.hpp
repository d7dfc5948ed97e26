// One connection, from its first byte to its last: a coroutine on one io thread.
#pragma once

#include <memory>

#include "http/connection_transport.hpp"
#include "http/server_state.hpp"

namespace entrepot::http {

// Serves what comes over `transport`, one request after the other, and closes it. On the thread of `seat`; `listener`
// is the index of the listener that accepted it.
io::Awaitable<> serve_connection(Seat seat, std::unique_ptr<Transport> transport, std::size_t listener);

}  // namespace entrepot::http
