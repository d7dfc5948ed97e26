#include "stream.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <sys/socket.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>

namespace entrepot::test {
namespace {

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }

sockaddr_in address_of(const std::string& host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) throw std::runtime_error("no IPv4 address: " + host);
  return address;
}

UniqueFd make_socket() {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) fail("socket");
  return fd;
}

void set_option(int fd, int level, int option, int value) {
  if (::setsockopt(fd, level, option, &value, sizeof value) != 0) fail("setsockopt");
}

}  // namespace

Stream::Stream(UniqueFd fd) : fd_(std::move(fd)) { set_option(fd_.get(), IPPROTO_TCP, TCP_NODELAY, 1); }

void Stream::start_tls(SSL_CTX* context) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  ssl_.reset(SSL_new(context));
  if (!ssl_ || SSL_set_fd(ssl_.get(), fd_.get()) != 1) throw std::runtime_error("SSL_new failed");
  SSL_is_server(ssl_.get()) ? SSL_set_accept_state(ssl_.get()) : SSL_set_connect_state(ssl_.get());
  if (SSL_do_handshake(ssl_.get()) != 1) throw std::runtime_error("the TLS handshake failed");
}

std::string Stream::peer_certificate() const {
  std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(ssl_.get()), &X509_free);
  std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), &BIO_free);
  if (!certificate || PEM_write_bio_X509(memory.get(), certificate.get()) != 1) {
    throw std::runtime_error("the peer has shown no certificate");
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

ssize_t Stream::read(char* buffer, std::size_t size) {
  if (!ssl_) {
    ssize_t got = 0;
    do got = ::recv(fd_.get(), buffer, size, 0);
    while (got < 0 && errno == EINTR);
    return got;
  }
  int got = SSL_read(ssl_.get(), buffer, static_cast<int>(size));
  if (got > 0) return got;
  return SSL_get_error(ssl_.get(), got) == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

bool Stream::write(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t sent = ssl_ ? SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()))
                        : ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && !ssl_ && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void Stream::set_read_timeout(std::chrono::milliseconds timeout) {
  timeval value{timeout.count() / 1000, static_cast<suseconds_t>(timeout.count() % 1000 * 1000)};
  if (::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &value, sizeof value) != 0) fail("setsockopt");
}

void Stream::finish() {
  if (!resets_) ::shutdown(fd_.get(), SHUT_WR);
}

void Stream::end_with_reset() {
  linger abort{1, 0};
  resets_ = ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort) == 0;
}

void Stream::interrupt() { ::shutdown(fd_.get(), SHUT_RDWR); }

UniqueFd listen_on(const std::string& host, std::uint16_t port) {
  UniqueFd fd = make_socket();
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  sockaddr_in address = address_of(host, port);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("bind " + host);
  if (::listen(fd.get(), 512) != 0) fail("listen");
  return fd;
}

std::uint16_t port_of(int listener) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) fail("getsockname");
  return ntohs(address.sin_port);
}

UniqueFd connect_to(const std::string& host, std::uint16_t port, int receive_buffer) {
  UniqueFd fd = make_socket();
  if (receive_buffer > 0)
    set_option(fd.get(), SOL_SOCKET, SO_RCVBUF, receive_buffer);  // before connect: sets the window
  sockaddr_in address = address_of(host, port);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("connect " + host);
  return fd;
}

}  // namespace entrepot::test
