// TLS over TCP. The bytes have to pass through this process, so a file is read into a buffer that lives as long as the
// slice is being sent.
#include <algorithm>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <string>

#include "http/connection_page_cache.hpp"
#include "http/connection_transport.hpp"

namespace entrepot::http {

namespace {

constexpr std::size_t kFileBuffer = 256 * 1024;

// What one TLS record holds (RFC 8446, 5.1).
constexpr std::size_t kRecord = 16 * 1024;

struct ReadAt {
  int fd;
  std::uint64_t offset;
  std::span<char> buffer;

  std::size_t operator()() const { return read_at(fd, offset, buffer); }
};

class TlsTransport final : public Transport {
 public:
  TlsTransport(Socket socket, net::ssl::context& context, io::SteadyClock::duration stall, io::Pool& pool)
      : Transport(std::move(socket), stall, pool), stream_(socket_, context) {
    // Between requests a connection keeps no record buffers.
    SSL_set_mode(stream_.native_handle(), SSL_MODE_RELEASE_BUFFERS);
  }

  io::Awaitable<boost::system::error_code> handshake() override {
    auto [failure] = co_await stream_.async_handshake(net::ssl::stream_base::server, io::as_result);
    co_return failure;
  }

  io::Awaitable<std::size_t> read_some(net::mutable_buffer into) override {
    auto [failure, size] = co_await stream_.async_read_some(into, io::as_result);
    co_return failure ? 0 : size;
  }

  io::Awaitable<std::uint64_t> write(Parts parts, More) override {
    // A small answer leaves as one record, not as one for its head and one for its body.
    std::string gathered;
    if (parts[1].size() > 0 && net::buffer_size(parts) <= kRecord) {
      gathered.resize(net::buffer_size(parts));
      net::buffer_copy(net::buffer(gathered), parts);
      parts[0] = net::buffer(gathered);
      parts[1] = net::const_buffer();
    }
    watchdog_.allow_while_taking(stall_);
    auto [failure, size] = co_await net::async_write(stream_, parts, io::as_result);
    watchdog_.rest();
    co_return size;
  }

  io::Awaitable<std::uint64_t> send_file(FileSlice slice) override {
    const std::size_t capacity = std::min<std::uint64_t>(slice.length, kFileBuffer);
    auto buffer = std::make_unique_for_overwrite<char[]>(capacity);
    std::uint64_t sent = 0;
    while (sent < slice.length) {
      std::size_t size = std::min<std::uint64_t>(slice.length - sent, capacity);
      ReadAt read{slice.fd, slice.offset + sent, std::span(buffer.get(), size)};
      std::size_t present;
      if (in_page_cache(slice.fd, slice.offset + sent, size)) {
        present = read();
      } else {
        present = co_await io::run_blocking(pool_, read);
      }
      Parts parts{net::buffer(buffer.get(), present), net::const_buffer()};
      std::uint64_t taken = co_await write(parts, More::No);
      sent += taken;
      if (taken < size) break;
    }
    co_return sent;
  }

  io::Awaitable<> say_goodbye() override { co_await stream_.async_shutdown(io::as_result); }

 private:
  net::ssl::stream<Socket&> stream_;
};

}  // namespace

std::unique_ptr<Transport> make_tls_transport(Socket socket, net::ssl::context& context,
                                              io::SteadyClock::duration stall, io::Pool& pool) {
  return std::make_unique<TlsTransport>(std::move(socket), context, stall, pool);
}

}  // namespace entrepot::http
