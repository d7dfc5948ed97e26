// Reading heads, calling the handler, deciding what comes after its response.
#include "http/connection.hpp"

#include <algorithm>
#include <array>
#include <boost/beast/core/flat_buffer.hpp>

#include "entrepot/base/log.hpp"
#include "entrepot/base/text.hpp"
#include "http/connection_request.hpp"
#include "http/connection_response.hpp"
#include "http/send_body.hpp"

namespace entrepot::http {

namespace {

// Most heads fit in the first read.
constexpr std::size_t kRead = 4096;

// How long a peer may take to read our last words.
constexpr auto kLinger = std::chrono::seconds(2);

std::string name_of_peer(const Socket& socket) {
  boost::system::error_code failure;
  const net::ip::tcp::endpoint peer = socket.remote_endpoint(failure);
  if (failure) return {};
  net::ip::address address = peer.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {  // what "::" accepts over IPv4
    address = net::ip::make_address_v4(net::ip::v4_mapped, address.to_v6());
  }
  return host_and_port(address.to_string(), peer.port());
}

// What comes after a response.
enum class Then {
  Next,     // another request
  Goodbye,  // the end, all said
  Cut,      // the end, in the middle of a response
  Reset,    // likewise, of one whose whole end would look the same
};

class Connection final : public Drainable {
 public:
  Connection(Seat& seat, Transport& transport, std::size_t listener)
      : server_(seat.server()),
        transport_(transport),
        watchdog_(transport.watchdog()),
        buffer_(std::max(server_.limits.header_bytes, kRead)),
        client_(name_of_peer(transport.socket())),
        registration_(seat.here(), *this) {
    request_.client = client_;
    request_.listener = listener;
  }

  io::Awaitable<> run() {
    watchdog_.allow(server_.limits.request);
    const boost::system::error_code refused = co_await transport_.handshake();
    if (refused) log::debug("tls_handshake_failed", {{"client", client_}, {"error", refused.message()}});
    bool ready = !refused;
    Then then = Then::Next;
    while (ready && then == Then::Next) {
      ready = co_await receive_head();
      if (ready) then = co_await answer();
    }
    if (then == Then::Reset) {
      reset();
    } else if (then != Then::Next) {
      co_await leave(then);
    }
  }

  // Shut for reading, an idle connection sees its end. A request that has just come in is still answered.
  void drain() override {
    if (!idle_) return;
    boost::system::error_code ignored;
    transport_.socket().shutdown(Socket::shutdown_receive, ignored);
  }

 private:
  std::string_view received() const {
    auto data = buffer_.data();
    return {static_cast<const char*>(data.data()), data.size()};
  }

  // Until a whole head, or the reason why there will be none, is here. False: the connection is over.
  io::Awaitable<bool> receive_head() {
    refusal_.reset();
    searched_ = 0;
    if (buffer_.size() == 0) {
      if (!co_await wait_for_request()) co_return false;
    }
    request_.arrived = io::SteadyClock::now();
    bool whole = head_is_here();
    if (!whole) watchdog_.allow(server_.limits.request);
    while (!whole) {
      if (co_await read_some() == 0) co_return false;
      whole = head_is_here();
    }
    watchdog_.rest();
    co_return true;
  }

  io::Awaitable<bool> wait_for_request() {
    if (server_.draining) co_return false;
    idle_ = true;
    watchdog_.allow(server_.limits.idle);
    const std::size_t size = co_await read_some();
    idle_ = false;
    co_return size > 0;
  }

  io::Awaitable<std::size_t> read_some() {
    const std::size_t room = std::min(kRead, buffer_.max_size() - buffer_.size());
    const std::size_t size = co_await transport_.read_some(buffer_.prepare(room));
    buffer_.commit(size);
    co_return size;
  }

  bool head_is_here() {
    // RFC 9112, 2.2: some clients send an empty line after a request.
    while (received().starts_with("\r\n")) buffer_.consume(2);
    const std::string_view text = received();
    const std::size_t limit = server_.limits.header_bytes;
    head_size_ = find_head_end(text, searched_);
    const std::size_t least = head_size_ > 0 ? head_size_ : text.size() + 1;
    if (least > limit) {
      refusal_ = Refusal{431, "the request's head is too large"};
    } else if (!may_be_request(text)) {
      refusal_ = Refusal{400, "this is not HTTP"};
    }
    return refusal_ || head_size_ > 0;
  }

  io::Awaitable<Then> answer() {
    if (refusal_) {
      head_ = RequestHead{};
    } else {
      refusal_ = parse_request_head(received().substr(0, head_size_), head_);
    }
    request_.id = server_.next_request_id++;
    request_.method = head_.method;
    request_.target = head_.target;
    request_.version = head_.version;
    request_.headers = head_.headers;

    if (refusal_) {
      Response error = server_.make_error(request_, refusal_->status, refusal_->reason);
      co_return co_await respond(error, false);
    }
    Response response = co_await handle();
    const Then then = co_await respond(response, head_.keep_alive && !server_.draining);
    buffer_.consume(head_size_);
    co_return then;
  }

  // A handler does not throw; where one does, that is a bug, and its client is told so.
  io::Awaitable<Response> handle() {
    std::string thrown;
    try {
      co_return co_await server_.handler(request_);
    } catch (const std::exception& exception) {
      thrown = exception.what();
    }
    log::error("handler_failed", {{"method", request_.method},
                                  {"target", request_.target.substr(0, request_.target.find('?'))},
                                  {"error", thrown}});
    co_return server_.make_error(request_, 500, "internal error");
  }

  io::Awaitable<Then> respond(const Response& response, bool keep_alive) {
    const BodyPlan plan = plan_body(response, request_.is_head(), request_.version);
    if (plan.framing == Framing::UntilClose) keep_alive = false;
    write_response_head(head_text_, response, plan, request_.version, keep_alive);
    const auto first_byte = io::SteadyClock::now() - request_.arrived;
    const Sent sent = co_await send_response(transport_, head_text_, response.body, plan);
    if (server_.on_served) {
      const auto duration = io::SteadyClock::now() - request_.arrived;
      server_.on_served(Served{request_, response, sent.bytes, sent.complete, first_byte, duration});
    }
    if (!sent.complete) co_return plan.framing == Framing::UntilClose ? Then::Reset : Then::Cut;
    if (!keep_alive || server_.draining) co_return Then::Goodbye;
    co_return Then::Next;
  }

  // To be told from a response that ends with the connection as it should.
  void reset() {
    boost::system::error_code ignored;
    transport_.socket().set_option(Socket::linger(true, 0), ignored);
    transport_.socket().close(ignored);  // its destructor would undo the option
  }

  // Ends with a FIN, and reads on for a moment: to close a socket with unread bytes is to send a RST, at which the peer
  // drops what it has not read yet (RFC 9112, 9.6).
  io::Awaitable<> leave(Then then) {
    watchdog_.allow(kLinger);
    if (then == Then::Goodbye) co_await transport_.say_goodbye();
    Socket& socket = transport_.socket();
    boost::system::error_code ended;
    socket.shutdown(Socket::shutdown_send, ended);
    std::array<char, kRead> discarded;
    while (!ended) {
      auto [failure, size] = co_await socket.async_read_some(net::buffer(discarded), io::as_result);
      ended = failure;
    }
  }

  ServerState& server_;
  Transport& transport_;
  Watchdog& watchdog_;

  boost::beast::flat_buffer buffer_;  // what was received and is not answered yet: `head_` views it
  std::size_t searched_ = 0;          // see find_head_end()
  std::size_t head_size_ = 0;         // of the head that the buffer begins with
  std::optional<Refusal> refusal_;    // why that one is not handled
  RequestHead head_;
  bool idle_ = false;  // between requests, and nothing of the next one is here

  const std::string client_;
  Request request_;
  std::string head_text_;  // of the response
  Registration registration_;
};

}  // namespace

io::Awaitable<> serve_connection(Seat seat, std::unique_ptr<Transport> transport, std::size_t listener) {
  Connection connection(seat, *transport, listener);
  co_await connection.run();
}

}  // namespace entrepot::http
