#include "fake_server.hpp"

#include <sys/socket.h>

#include <stdexcept>

namespace entrepot::test {
namespace {

constexpr std::size_t kMaxConnections = 256;

// Of what is sent and not taken in yet. The default on the loopback interface is megabytes, which would count as sent.
constexpr int kSendBuffer = 64 * 1024;

FakeRequest parse_request(const MessageHead& head) {
  std::string_view line = head.start_line;
  std::string_view method = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(line.size(), method.size() + 1));
  std::string_view target = line.substr(0, line.find(' '));
  std::string_view path = target.substr(0, target.find('?'));
  std::string_view query = target.substr(std::min(target.size(), path.size() + 1));
  return {std::string(method), percent_decoded(path), std::string(query), head.headers};
}

// False: the connection ended before.
bool read_body(Stream& stream, std::string& buffer, FakeRequest& request) {
  const std::string length = request.header("Content-Length");
  const std::size_t size = length.empty() ? 0 : std::stoul(length);
  while (buffer.size() < size) {
    char chunk[4096];
    ssize_t got = stream.read(chunk, sizeof chunk);
    if (got <= 0) return false;
    buffer.append(chunk, static_cast<std::size_t>(got));
  }
  request.body = buffer.substr(0, size);
  buffer.erase(0, size);
  return true;
}

}  // namespace

FakeServer::FakeServer(std::string host, SSL_CTX* tls, Handler handler)
    : host_(std::move(host)), tls_(tls), handler_(std::move(handler)) {}

void FakeServer::start() {
  listener_ = listen_on(host_, port_);
  port_ = port_of(listener_.get());
  stopping_ = false;
  acceptor_ = std::thread([this] { accept_connections(); });
}

void FakeServer::stop() {
  if (!acceptor_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    for (Stream* stream : streams_) stream->interrupt();
    fewer_.notify_all();
  }
  ::shutdown(listener_.get(), SHUT_RDWR);  // accept() returns
  acceptor_.join();
  listener_.reset();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void FakeServer::accept_connections() {
  while (true) {
    UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    std::unique_lock lock(mutex_);
    fewer_.wait(lock, [this] { return stopping_ || streams_.size() < kMaxConnections; });
    if (stopping_) return;
    if (fd) ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUF, &kSendBuffer, sizeof kSendBuffer);
    if (fd) threads_.emplace_back([this, number = fd.release()] { serve(UniqueFd(number)); });
  }
}

void FakeServer::serve(UniqueFd fd) {
  Stream stream(std::move(fd));
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    streams_.insert(&stream);
  }
  try {
    if (tls_ != nullptr) stream.start_tls(tls_);
    converse(stream);
  } catch (const std::runtime_error&) {
    // A client that does not trust the certificate: its own test sees that.
  }
  std::lock_guard lock(mutex_);
  streams_.erase(&stream);
  fewer_.notify_all();
}

void FakeServer::converse(Stream& stream) {
  std::string buffer;
  while (std::optional<MessageHead> head = read_head(stream, buffer)) {
    FakeRequest request = parse_request(*head);
    if (!read_body(stream, buffer, request)) break;
    if (!handler_(stream, request)) break;
    if (request.header("Connection") == "close") break;
  }
  stream.finish();
}

}  // namespace entrepot::test
