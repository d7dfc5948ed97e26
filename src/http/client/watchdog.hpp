// Closes a socket when what is awaited on it takes too long. Operations are never cancelled one by one: a closed socket
// ends whatever is pending on it. Lives on the socket's io thread.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "entrepot/io/async.hpp"

namespace entrepot::http::client {

namespace net = io::net;

using Socket = net::basic_stream_socket<net::ip::tcp, io::Executor>;

class Watchdog {
 public:
  explicit Watchdog(Socket& socket);  // which must outlive it

  // From now on the socket must be disarmed, or armed anew, before `deadline`.
  void arm(io::Deadline deadline);
  void disarm() { arm(io::kNoDeadline); }

  // The socket was closed for being late.
  bool fired() const;

 private:
  struct Watch;
  static void sleep(const std::shared_ptr<Watch>& watch);
  static void wake(const std::shared_ptr<Watch>& watch);

  std::shared_ptr<Watch> watch_;  // the timer's handler looks whether it is still there
};

}  // namespace entrepot::http::client
