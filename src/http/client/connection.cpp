#include "http/client/connection.hpp"

#include <sys/socket.h>

#include <boost/asio/write.hpp>

namespace entrepot::http::client {

namespace {

// The longest header that is read, and the longest that a chunk's header may be. Signed redirect targets are long.
constexpr std::size_t kBufferLimit = 64 * 1024;

// Of received bytes that nobody has read. The kernel doubles it for its own needs.
constexpr int kSmallReceiveBuffer = 256 * 1024;

bool is_end(boost::system::error_code ec) { return ec == net::error::eof || ec == net::ssl::error::stream_truncated; }

// What OpenSSL checks of the peer's certificate, and the name that is sent in clear (SNI, RFC 6066, 3: no IP literals).
bool expect_host(SSL* ssl, const std::string& host) {
  boost::system::error_code no_ip;
  net::ip::make_address(host, no_ip);
  if (!no_ip) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(ssl, host.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

}  // namespace

// A buffer whose size is given is not tuned by the kernel any more, until it is unlocked (socket(7), SO_BUF_LOCK).
// TCP_WINDOW_CLAMP would not do: the kernel's tuning overrides it.
void Connection::limit_window(bool limited) {
  const int none = 0;
  if (limited) {
    ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVBUF, &kSmallReceiveBuffer, sizeof kSmallReceiveBuffer);
  } else {
    ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_BUF_LOCK, &none, sizeof none);
  }
}

Connection::Connection(Socket socket, std::string peer, AddressKind kind)
    : peer_(std::move(peer)), socket_(std::move(socket)), watchdog_(socket_), buffer_(kBufferLimit), peer_kind_(kind) {
  boost::system::error_code ignored;
  socket_.set_option(net::ip::tcp::no_delay(true), ignored);
}

Connection::~Connection() {
  if (open_ != nullptr) --*open_;
}

void Connection::count_in(std::shared_ptr<OpenConnections> open) {
  open_ = std::move(open);
  ++*open_;
}

io::Awaitable<Result<void>> Connection::start_tls(net::ssl::context& context, const std::string& host,
                                                  io::Deadline deadline) {
  tls_.emplace(socket_, context);
  if (!expect_host(tls_->native_handle(), host)) co_return error("no name that a certificate can stand for");
  watchdog_.arm(deadline);
  auto [ec] = co_await tls_->async_handshake(net::ssl::stream_base::client, io::as_result);
  watchdog_.disarm();
  long verified = SSL_get_verify_result(tls_->native_handle());
  if (ec && verified != X509_V_OK) {
    co_return error("certificate refused: " + std::string(X509_verify_cert_error_string(verified)));
  }
  if (ec) co_return failure("TLS handshake", ec);
  co_return ok();
}

io::Awaitable<Result<void>> Connection::write(std::string_view bytes, io::Deadline deadline) {
  watchdog_.arm(deadline);
  boost::system::error_code ec;
  std::size_t count = 0;
  net::const_buffer all(bytes.data(), bytes.size());
  if (tls_) {
    std::tie(ec, count) = co_await net::async_write(*tls_, all, io::as_result);
  } else {
    std::tie(ec, count) = co_await net::async_write(socket_, all, io::as_result);
  }
  watchdog_.disarm();
  sent_ += count;
  if (ec) co_return failure("sending the request", ec);
  co_return ok();
}

io::Awaitable<Result<std::size_t>> Connection::read_some(std::span<std::byte> bytes, io::Deadline deadline) {
  watchdog_.arm(deadline);
  boost::system::error_code ec;
  std::size_t count = 0;
  net::mutable_buffer room(bytes.data(), bytes.size());
  if (tls_) {
    std::tie(ec, count) = co_await tls_->async_read_some(room, io::as_result);
  } else {
    std::tie(ec, count) = co_await socket_.async_read_some(room, io::as_result);
  }
  watchdog_.disarm();
  received_ += count;
  if (ec && !is_end(ec)) co_return failure("reading the answer", ec);
  co_return count;
}

io::Awaitable<Result<std::size_t>> Connection::fill_buffer(io::Deadline deadline) {
  constexpr std::size_t kReadSize = 16 * 1024;
  std::size_t size = std::min(kReadSize, kBufferLimit - buffer_.size());
  if (size == 0) co_return error("header too large");
  net::mutable_buffer room = buffer_.prepare(size);
  std::span<std::byte> bytes(static_cast<std::byte*>(room.data()), room.size());
  Result<std::size_t> count = co_await read_some(bytes, deadline);
  if (count) buffer_.commit(*count);
  co_return count;
}

std::string_view Connection::buffered() const {
  return {static_cast<const char*>(buffer_.data().data()), buffer_.size()};
}

bool Connection::is_quiet() {
  char byte;
  int fd = socket_.native_handle();
  return buffer_.size() == 0 && ::recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
         (errno == EAGAIN || errno == EWOULDBLOCK);
}

Error Connection::error(std::string_view what) const {
  return Error{Errc::BadGateway, peer_ + ": " + std::string(what)};
}

Error Connection::failure(std::string_view action, boost::system::error_code ec) const {
  if (timed_out()) return Error{Errc::Timeout, peer_ + ": " + std::string(action) + ": no answer in time"};
  return error(std::string(action) + ": " + ec.message());
}

}  // namespace entrepot::http::client
