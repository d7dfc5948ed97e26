// Plain TCP. Writes go straight to the non-blocking socket, which nearly always takes them, and files with sendfile(2);
// the reactor is asked only when the socket is full.
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>

#include "http/connection_page_cache.hpp"
#include "http/connection_transport.hpp"

namespace entrepot::http {

namespace {

// One call's share of a file: short enough that the loop's other connections do not notice.
constexpr std::uint64_t kChunk = 1024 * 1024;

// A client that takes all that it is given lets the others go first after so much.
constexpr std::uint64_t kTurn = 4 * kChunk;

// For so long, pages that were in memory are taken to be there still. A socket takes a part of a chunk at a time, and
// to look again before each would cost more than to send it.
constexpr auto kResident = std::chrono::milliseconds(100);

class TcpTransport final : public Transport {
 public:
  TcpTransport(Socket socket, io::SteadyClock::duration stall, io::Pool& pool)
      : Transport(std::move(socket), stall, pool) {
    boost::system::error_code ignored;  // of a socket that is already dead: the first read says so
    socket_.native_non_blocking(true, ignored);
  }

  io::Awaitable<boost::system::error_code> handshake() override { co_return boost::system::error_code(); }

  io::Awaitable<std::size_t> read_some(net::mutable_buffer into) override {
    auto [failure, size] = co_await socket_.async_read_some(into, io::as_result);
    co_return failure ? 0 : size;
  }

  io::Awaitable<std::uint64_t> write(Parts parts, More more) override {
    const int flags = MSG_NOSIGNAL | (more == More::Yes ? MSG_MORE : 0);
    const std::uint64_t total = net::buffer_size(parts);
    std::uint64_t sent = 0;
    while (sent < total) {
      ssize_t n = send(parts, flags);
      if (n >= 0) {
        sent += static_cast<std::uint64_t>(n);
        take(parts, static_cast<std::size_t>(n));
        continue;
      }
      if (errno == EINTR) continue;
      if (errno != EAGAIN) break;
      if (!co_await writable()) break;
    }
    co_return sent;
  }

  io::Awaitable<std::uint64_t> send_file(FileSlice slice) override {
    std::uint64_t sent = 0;
    std::uint64_t resident = 0;  // pages up to here are in memory
    std::uint64_t turn = 0;
    while (sent < slice.length) {
      if (sent >= resident) {
        const std::uint64_t size = std::min(slice.length - sent, kChunk);
        if (!in_page_cache(slice.fd, slice.offset + sent, size)) {
          co_await bring_into_page_cache(pool_, slice.fd, slice.offset + sent, size);
        }
        resident = sent + size;
      }
      off_t offset = static_cast<off_t>(slice.offset + sent);
      ssize_t n = ::sendfile(socket_.native_handle(), slice.fd, &offset, resident - sent);
      if (n > 0) {
        sent += static_cast<std::uint64_t>(n);
        turn += static_cast<std::uint64_t>(n);
      } else if (n == 0) {
        break;  // the file is shorter than its owner says
      } else if (errno == EAGAIN) {
        const io::Deadline since = io::SteadyClock::now();
        if (!co_await writable()) break;
        if (io::SteadyClock::now() - since > kResident) resident = sent;
        turn = 0;
      } else if (errno != EINTR) {
        break;
      }
      if (turn >= kTurn) {
        co_await net::post(socket_.get_executor(), io::use_awaitable);
        turn = 0;
      }
    }
    co_return sent;
  }

  io::Awaitable<> say_goodbye() override { co_return; }

 private:
  ssize_t send(const Parts& parts, int flags) {
    std::array<iovec, 2> pieces;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      pieces[i] = {const_cast<void*>(parts[i].data()), parts[i].size()};  // sendmsg only reads it
    }
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = pieces.size();
    return ::sendmsg(socket_.native_handle(), &message, flags);
  }

  static void take(Parts& parts, std::size_t size) {
    for (net::const_buffer& part : parts) {
      std::size_t from_this = std::min(part.size(), size);
      part += from_this;
      size -= from_this;
    }
  }

  // False: the socket is broken, or was cut because its peer takes nothing.
  io::Awaitable<bool> writable() {
    watchdog_.allow_while_taking(stall_);
    auto [failure] = co_await socket_.async_wait(Socket::wait_write, io::as_result);
    watchdog_.rest();
    co_return !failure;
  }
};

}  // namespace

std::unique_ptr<Transport> make_tcp_transport(Socket socket, io::SteadyClock::duration stall, io::Pool& pool) {
  return std::make_unique<TcpTransport>(std::move(socket), stall, pool);
}

}  // namespace entrepot::http
