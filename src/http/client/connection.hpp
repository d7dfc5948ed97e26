// One connection to a server, plain or TLS: bytes out, bytes in, each with a deadline at which the socket is closed.
// Knows no HTTP. Lives on the io thread of its executor; one operation at a time.
#pragma once

#include <atomic>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "entrepot/base/result.hpp"
#include "entrepot/http/client.hpp"
#include "http/client/watchdog.hpp"

namespace entrepot::http::client {

// How many connections a client has open. Thread-safe.
using OpenConnections = std::atomic<std::size_t>;

class Connection {
 public:
  // `socket` is connected. `peer` ("host:port") is what errors say, `kind` what an AddressRule has to allow.
  Connection(Socket socket, std::string peer, AddressKind kind);
  ~Connection();

  // It counts as open from here to its end.
  void count_in(std::shared_ptr<OpenConnections> open);

  // `host`, a name or an IP literal, must be one that the peer's certificate stands for.
  io::Awaitable<Result<void>> start_tls(net::ssl::context& context, const std::string& host, io::Deadline deadline);

  // All of `bytes`.
  io::Awaitable<Result<void>> write(std::string_view bytes, io::Deadline deadline);

  // As many bytes as there are, at least one; 0 is the end of the stream. Goes past buffer().
  io::Awaitable<Result<std::size_t>> read_some(std::span<std::byte> bytes, io::Deadline deadline);

  // Appends what comes next to buffer(): at least one byte, or 0 at the end of the stream. Errc::BadGateway if the
  // buffer is full.
  io::Awaitable<Result<std::size_t>> fill_buffer(io::Deadline deadline);

  // Whether the peer may have only some 512 KiB on its way to us.
  void limit_window(bool limited);

  // Received and not yet consumed.
  boost::beast::flat_buffer& buffer() { return buffer_; }
  std::string_view buffered() const;

  std::uint64_t received() const { return received_; }  // bytes, in all
  std::uint64_t sent() const { return sent_; }
  AddressKind peer_kind() const { return peer_kind_; }
  bool timed_out() const { return watchdog_.fired(); }

  // False if an idle connection was closed by its peer, or has bytes that nobody asked for.
  bool is_quiet();

  // "PEER: WHAT"
  Error error(std::string_view what) const;

 private:
  Error failure(std::string_view action, boost::system::error_code ec) const;

  std::string peer_;
  Socket socket_;
  Watchdog watchdog_;
  std::optional<net::ssl::stream<Socket&>> tls_;
  boost::beast::flat_buffer buffer_;
  const AddressKind peer_kind_;
  std::uint64_t received_ = 0;
  std::uint64_t sent_ = 0;
  std::shared_ptr<OpenConnections> open_;
};

}  // namespace entrepot::http::client
