// What a connection needs of its socket, plain or TLS: reading, writing with a stall limit, and sending a file.
//
// Every operation ends by itself, at the latest when the watchdog cuts the socket, and says how far it got instead of
// why it failed: the connection does the same whatever the cause. Used on the connection's thread.
#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>
#include <memory>

#include "entrepot/http/body.hpp"
#include "entrepot/io/blocking.hpp"
#include "http/connection_watchdog.hpp"

namespace entrepot::http {

using Parts = std::array<net::const_buffer, 2>;

// Whether the next write follows at once: then the kernel may hold this one back to fill its packets.
enum class More : bool { No, Yes };

class Transport {
 public:
  virtual ~Transport() = default;

  // An error: the peer does not speak TLS, or not ours; or it does not show who it is. None for plain TCP.
  virtual io::Awaitable<boost::system::error_code> handshake() = 0;

  // How many bytes came; 0 at the peer's end, or when the connection is broken or was cut.
  virtual io::Awaitable<std::size_t> read_some(net::mutable_buffer into) = 0;

  // How many bytes went out; fewer than given: the connection is broken or was cut, or the file is not what it was.
  virtual io::Awaitable<std::uint64_t> write(Parts parts, More more) = 0;
  virtual io::Awaitable<std::uint64_t> send_file(FileSlice slice) = 0;

  // Tells the peer, in the transport's own way, that all that was sent is all there is. Nothing for plain TCP.
  virtual io::Awaitable<> say_goodbye() = 0;

  Socket& socket() { return socket_; }
  Watchdog& watchdog() { return watchdog_; }

 protected:
  // `pool` reads what is not in the page cache.
  Transport(Socket socket, io::SteadyClock::duration stall, io::Pool& pool)
      : socket_(std::move(socket)), watchdog_(socket_), stall_(stall), pool_(pool) {}

  Socket socket_;
  Watchdog watchdog_;
  const io::SteadyClock::duration stall_;
  io::Pool& pool_;
};

std::unique_ptr<Transport> make_tcp_transport(Socket socket, io::SteadyClock::duration stall, io::Pool& pool);
std::unique_ptr<Transport> make_tls_transport(Socket socket, net::ssl::context& context,
                                              io::SteadyClock::duration stall, io::Pool& pool);

}  // namespace entrepot::http
