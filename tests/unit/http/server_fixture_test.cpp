// The fixture's bodies (every *_test.cpp of this folder is linked into one program).
#include "unit/http/server_fixture.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <stdexcept>
#include <thread>

namespace entrepot::http::test {

RawClient::RawClient(std::uint16_t port, int receive_buffer)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  timeval limit{10, 0};
  ::setsockopt(fd(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (receive_buffer > 0) ::setsockopt(fd(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("cannot connect");
  }
}

RawClient& RawClient::send(std::string_view text) {
  while (!text.empty()) {
    ssize_t n = ::send(fd(), text.data(), text.size(), MSG_NOSIGNAL);
    if (n <= 0) break;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return *this;
}

void RawClient::end_sending() { ::shutdown(fd(), SHUT_WR); }

std::string RawClient::receive_some(std::size_t limit) {
  std::string text(limit, '\0');
  ssize_t n = ::recv(fd(), text.data(), text.size(), 0);
  fin_ = n == 0;
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return text;
}

bool RawClient::fill() {
  std::string text = receive_some(256 * 1024);
  buffer_ += text;
  return !text.empty();
}

RawClient::Answer RawClient::receive(bool no_body) {
  Answer answer;
  std::size_t end;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return answer;
  }
  answer.head = buffer_.substr(0, end + 4);
  buffer_.erase(0, end + 4);

  auto take = [this](std::size_t size) {
    while (buffer_.size() < size && fill()) {
    }
    std::string taken = buffer_.substr(0, size);
    buffer_.erase(0, taken.size());
    return taken;
  };
  if (no_body) {
    answer.whole = true;
  } else if (std::size_t at = answer.head.find("Content-Length: "); at != std::string::npos) {
    std::size_t length = std::stoul(answer.head.substr(at + 16));
    answer.body = take(length);
    answer.whole = answer.body.size() == length;
  } else if (answer.has("Transfer-Encoding: chunked")) {
    for (;;) {
      std::size_t line;
      while ((line = buffer_.find("\r\n")) == std::string::npos) {
        if (!fill()) return answer;
      }
      std::size_t size = std::stoul(take(line + 2), nullptr, 16);
      std::string chunk = take(size + 2);
      answer.body += chunk.substr(0, std::min(size, chunk.size()));
      if (chunk.size() < size + 2) return answer;
      if (size == 0) break;
    }
    answer.whole = true;
  }
  return answer;
}

std::string RawClient::receive_all() {
  while (fill()) {
  }
  return std::exchange(buffer_, {});
}

bool RawClient::ended_with_fin() {
  while (!fin_ && fill()) {
  }
  return fin_;
}

io::Awaitable<Result<BodyPart>> StepSource::next() {
  while (!steps_.empty()) {
    Step step = std::move(steps_.front());
    steps_.pop_front();
    if (std::holds_alternative<Fail>(step)) co_return Error{Errc::BadGateway, "the test says so"};
    if (const auto* slice = std::get_if<FileSlice>(&step)) co_return BodyPart(*slice);
    if (auto* text = std::get_if<std::string>(&step)) {
      current_ = std::move(*text);
      co_return BodyPart(std::as_bytes(std::span(current_)));
    }
    co_await io::sleep_for(std::get<std::chrono::milliseconds>(step));
  }
  co_return BodyPart(std::monostate());
}

Response text_response(std::string text) {
  Response response;
  response.body = std::move(text);
  return response;
}

Response source_response(std::vector<Step> steps, std::optional<std::uint64_t> length) {
  Response response;
  response.body = std::make_unique<StepSource>(std::move(steps));
  response.content_length = length;
  return response;
}

namespace {

io::Awaitable<Response> answer(std::function<Response(const Request&)> respond, const Request& request) {
  co_return respond(request);
}

Response error_response(const Request&, unsigned status, std::string_view reason) {
  Response response = text_response(std::string(reason));
  response.status = status;
  return response;
}

}  // namespace

ServerFixture::ServerFixture() = default;

ServerFixture::~ServerFixture() {
  threads_.stop();
  threads_.join();
  pool_.join();
}

void ServerFixture::serve(Respond respond, ServerLimits limits, std::optional<TlsFiles> tls) {
  auto handler = [respond = std::move(respond)](const Request& request) { return answer(respond, request); };
  auto served = [this](const Served& done) {
    std::lock_guard lock(mutex_);
    lines_.push_back({std::string(done.request.method), std::string(done.request.target), done.response.status,
                      done.bytes_sent, done.complete, std::string(done.request.client)});
    logged_.notify_all();
  };
  server_ = std::make_unique<Server>(threads_, tasks_, pool_, limits, handler, error_response, served);
  ListenerOptions options;
  options.host = "127.0.0.1";
  options.tls = std::move(tls);
  Result<void> listening = server_->listen(options);
  ASSERT_TRUE(listening) << listening.error().message;
  server_->start();
  threads_.start();
}

void ServerFixture::serve_text(std::string text, ServerLimits limits) {
  serve([text](const Request&) { return text_response(text); }, limits);
}

RawClient ServerFixture::connect_and_send(std::string_view text) {
  RawClient client = connect();
  client.send(text);
  return client;
}

std::vector<LogLine> ServerFixture::log(std::size_t count) {
  std::unique_lock lock(mutex_);
  logged_.wait_for(lock, 10s, [&] { return lines_.size() >= count; });
  return lines_;
}

bool ServerFixture::becomes_true(const std::function<bool()>& condition) {
  for (int i = 0; i < 1000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

}  // namespace entrepot::http::test
