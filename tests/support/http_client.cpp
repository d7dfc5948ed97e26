#include "http_client.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "gate.hpp"

namespace entrepot::test {
namespace {

// One for all connections, made at its first use; it checks no certificate.
SSL_CTX* client_context() {
  static const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                                         &SSL_CTX_free);
  return context.get();
}

std::uint64_t parse_number(std::string_view text, int base) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, base);
  return value;
}

Ending ending_of(ssize_t result) {
  if (result == 0) return Ending::Short;
  return errno == EAGAIN || errno == EWOULDBLOCK ? Ending::TimedOut : Ending::Reset;
}

}  // namespace

HttpConnection::HttpConnection(std::uint16_t port, const ConnectionOptions& options)
    : stream_(connect_to(options.host, port, options.receive_buffer)) {
  stream_.set_read_timeout(kPatience);
  if (options.tls) stream_.start_tls(client_context());
}

void HttpConnection::send(const std::string& method, const std::string& target, const HeaderList& headers) {
  MessageHead head{method + " " + target + " HTTP/1.1", {{"Host", "entrepot.test"}}};
  head.headers.insert(head.headers.end(), headers.begin(), headers.end());
  is_head_ = method == "HEAD";
  send_raw(to_text(head));
}

void HttpConnection::send_raw(std::string_view text) { stream_.write(text); }

Reply HttpConnection::read_head() {
  ending_.reset();
  in_chunk_ = false;
  std::optional<MessageHead> head = test::read_head(stream_, buffer_);
  if (!head) return {0, {}, {}, Ending::Short};
  Reply reply{static_cast<int>(parse_number(std::string_view(head->start_line).substr(9, 3), 10)),
              std::move(head->headers)};
  bool empty = is_head_ || reply.status == 204 || reply.status == 304;
  chunked_ = !empty && reply.header("Transfer-Encoding") == "chunked";
  left_.reset();
  if (empty) left_ = 0;
  if (!empty && !chunked_ && reply.has("Content-Length")) left_ = parse_number(reply.header("Content-Length"), 10);
  if (chunked_) left_ = 0;
  return reply;
}

bool HttpConnection::fill() {
  char chunk[65536];
  ssize_t got = stream_.read(chunk, sizeof chunk);
  if (got > 0) {
    buffer_.append(chunk, static_cast<std::size_t>(got));
    return true;
  }
  ending_ = ending_of(got);
  if (*ending_ == Ending::Short && !left_) ending_ = Ending::Complete;
  return false;
}

bool HttpConnection::next_chunk() {
  std::size_t skip = in_chunk_ ? 2 : 0;  // the line end behind the chunk before
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n", skip)) == std::string::npos)
    if (!fill()) return false;
  left_ = parse_number(std::string_view(buffer_).substr(skip, end - skip), 16);
  in_chunk_ = true;
  if (*left_ > 0) {
    buffer_.erase(0, end + 2);
    return true;
  }
  while (buffer_.size() < end + 4)
    if (!fill()) return false;
  buffer_.erase(0, end + 4);  // the terminating chunk has no trailers here
  ending_ = Ending::Complete;
  return false;
}

std::string HttpConnection::read_some(std::size_t most) {
  if (ending_) return {};
  if (left_ == 0u) {
    if (!chunked_) ending_ = Ending::Complete;
    if (!chunked_ || !next_chunk()) return {};
  }
  if (buffer_.empty() && !fill()) return {};
  std::size_t count = std::min(most, buffer_.size());
  if (left_) count = static_cast<std::size_t>(std::min<std::uint64_t>(count, *left_));
  std::string bytes = buffer_.substr(0, count);
  buffer_.erase(0, count);
  if (left_) *left_ -= count;
  return bytes;
}

std::string HttpConnection::read_exactly(std::size_t count) {
  std::string bytes;
  while (bytes.size() < count) {
    std::string more = read_some(count - bytes.size());
    if (more.empty()) break;
    bytes += more;
  }
  return bytes;
}

void HttpConnection::read_rest(Reply& reply) {
  for (std::string more = read_some(); !more.empty(); more = read_some()) reply.body += more;
  reply.ending = ending_.value_or(Ending::Complete);
}

bool HttpConnection::closed_by_peer() {
  char byte = 0;
  ssize_t got = stream_.read(&byte, 1);
  return got == 0 || (got < 0 && ending_of(got) == Ending::Reset);
}

Reply request(std::uint16_t port, const std::string& method, const std::string& target, const HeaderList& headers,
              const ConnectionOptions& options) {
  HttpConnection connection(port, options);
  HeaderList all = headers;
  all.emplace_back("Connection", "close");
  return connection.request(method, target, all);
}

}  // namespace entrepot::test
