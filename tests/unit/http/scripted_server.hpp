// A server that does, byte by byte, what a test says: each connection plays one script on a thread of its own.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace entrepot::test {

namespace net = boost::asio;

// The server's end of a connection. No read of a plain one waits for longer than 10 s.
class Peer {
 public:
  Peer(net::ip::tcp::socket socket, net::ssl::context* tls) : socket_(std::move(socket)) {
    socket_.set_option(net::ip::tcp::no_delay(true));
    if (tls != nullptr) start_tls(*tls);
  }

  void start_tls(net::ssl::context& context) {
    tls_.emplace(socket_, context);
    boost::system::error_code refused;  // by a client that does not trust us
    tls_->handshake(net::ssl::stream_base::server, refused);
    if (refused) close();
  }

  // Up to the empty line; "" if the client has left.
  std::string read_request() {
    std::size_t end = 0;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive()) return "";
    }
    std::string text = received_.substr(0, end + 4);
    received_.erase(0, end + 4);
    return text;
  }

  // False if the client has left.
  bool send(std::string_view bytes) {
    boost::system::error_code ec;
    net::const_buffer all(bytes.data(), bytes.size());
    tls_ ? net::write(*tls_, all, ec) : net::write(socket_, all, ec);
    return !ec;
  }

  void answer(std::string_view bytes) {
    if (!read_request().empty()) send(bytes);
  }

  // Waits until the client closes, and says whether it sent nothing before that.
  bool wait_for_close() { return received_.empty() && !receive(); }

  void close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

  // The name that the client asked for by SNI, "" if it did not.
  std::string server_name() {
    const char* name = SSL_get_servername(tls_->native_handle(), TLSEXT_NAMETYPE_host_name);
    return name == nullptr ? "" : name;
  }

  bool has_shown_certificate() {
    X509* certificate = SSL_get1_peer_certificate(tls_->native_handle());
    X509_free(certificate);
    return certificate != nullptr;
  }

 private:
  bool receive() {
    pollfd waiting{.fd = socket_.native_handle(), .events = POLLIN, .revents = 0};
    bool is_plain = !tls_;  // TLS may hold bytes that poll does not see
    if (is_plain && ::poll(&waiting, 1, 10'000) != 1) return false;
    char bytes[4096];
    boost::system::error_code ec;
    std::size_t count = tls_ ? tls_->read_some(net::buffer(bytes), ec) : socket_.read_some(net::buffer(bytes), ec);
    received_.append(bytes, count);
    return count > 0;
  }

  net::ip::tcp::socket socket_;
  std::optional<net::ssl::stream<net::ip::tcp::socket&>> tls_;
  std::string received_;
};

class ScriptedServer {
 public:
  using Script = std::function<void(Peer&)>;

  // The n-th connection plays the n-th script; those past the last are closed at once.
  explicit ScriptedServer(std::vector<Script> scripts, net::ssl::context* tls = nullptr)
      : scripts_(std::move(scripts)), acceptor_(context_, {net::ip::make_address("127.0.0.1"), 0}) {
    port_ = acceptor_.local_endpoint().port();
    acceptor_thread_ = std::thread([this, tls] { accept_all(tls); });
  }

  ~ScriptedServer() {
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);  // ends a blocking accept
    acceptor_thread_.join();
    for (std::thread& thread : threads_) thread.join();
  }

  std::uint16_t port() const { return port_; }
  std::size_t connections() const { return connections_.load(); }

 private:
  void accept_all(net::ssl::context* tls) {
    for (;;) {
      boost::system::error_code stopped;
      net::ip::tcp::socket socket = acceptor_.accept(stopped);
      if (stopped) return;
      std::size_t number = connections_++;
      if (number >= scripts_.size()) continue;
      threads_.emplace_back([this, number, tls, connection = std::move(socket)]() mutable {
        Peer peer(std::move(connection), tls);
        scripts_[number](peer);
      });
    }
  }

  const std::vector<Script> scripts_;
  net::io_context context_;
  net::ip::tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  std::atomic<std::size_t> connections_{0};
  std::list<std::thread> threads_;
  std::thread acceptor_thread_;
};

}  // namespace entrepot::test
