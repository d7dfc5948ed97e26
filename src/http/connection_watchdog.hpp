// Cuts a connection whose peer lets it wait too long.
//
// Arming it stores a deadline and, nearly always, nothing else: the one timer behind it looks at the deadline when it
// fires and goes on waiting if that has moved. A busy connection therefore never touches the timer queue.
// Used on the connection's thread.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "entrepot/io/async.hpp"

namespace entrepot::http {

namespace net = boost::asio;
using Socket = net::basic_stream_socket<net::ip::tcp, io::Executor>;

// Cutting is a shutdown of both directions: what is pending on the socket ends, and so does whatever is tried next.
class Watchdog {
 public:
  explicit Watchdog(Socket& socket);  // which must outlive it
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog();

  // Cuts the connection in `limit` from now.
  void allow(io::SteadyClock::duration limit);

  // Cuts the connection once the send queue has not changed for `limit`: neither has its peer acknowledged a byte, nor
  // was there room to add one. A peer that reads slowly can leave the socket unwritable for longer, and is no reason
  // to cut.
  void allow_while_taking(io::SteadyClock::duration limit);

  // The server itself is at work: nothing to watch.
  void rest();

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the handler of its timer, which may run after the connection is gone
};

}  // namespace entrepot::http
