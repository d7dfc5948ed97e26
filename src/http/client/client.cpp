#include "entrepot/http/client.hpp"

#include <algorithm>

#include "http/client/dialer.hpp"
#include "http/client/exchange.hpp"
#include "http/client/tunnel.hpp"

namespace entrepot::http {

namespace {

using client::Connection;
using client::Head;
using client::IdleConnections;

// `relay`: the proxy that is asked in the server's place (RFC 9112, 3.2.2); null if there is none, or it only passes on
// what a tunnel holds.
std::string request_text(const ClientRequest& request, const std::string& user_agent, const Proxy* relay) {
  HeaderBlock own;
  own.add("Host", request.url.authority());
  own.add("User-Agent", user_agent);
  own.add("Accept-Encoding", "identity");
  if (request.method == "POST" || request.method == "PUT") own.add("Content-Length", request.body.size());
  if (relay != nullptr && !relay->authorization.empty()) own.add("Proxy-Authorization", relay->authorization);
  const std::string target = relay == nullptr ? request.url.target : request.url.to_string();
  std::string text = request.method + " " + target + " HTTP/1.1\r\n";
  text.append(own.text()).append(request.headers.text()).append("\r\n").append(request.body);
  return text;
}

std::string origin_of(const Url& url) { return url.scheme + "://" + url.host + ":" + std::to_string(url.port); }

// Whether what has failed on a connection from the pool is what happens when its peer had closed it by then: nothing
// came back, and asking again does no harm (RFC 9112, 9.3.1).
class StaleCheck {
 public:
  explicit StaleCheck(const Connection& connection) : received_(connection.received()), sent_(connection.sent()) {}

  bool may_ask_again(const Connection& connection, const std::string& method) const {
    bool harmless = method == "GET" || method == "HEAD" || connection.sent() == sent_;
    return harmless && !connection.timed_out() && connection.received() == received_;
  }

 private:
  const std::uint64_t received_;
  const std::uint64_t sent_;
};

io::Awaitable<Result<Head>> ask(Connection& connection, std::string_view text, bool is_head, const Proxy* relay,
                                io::Deadline deadline) {
  auto written = co_await connection.write(text, deadline);
  if (!written) co_return written.error();
  Result<Head> head = co_await client::read_head(connection, is_head, deadline);
  // Of all that a relay answers only this is its own for certain.
  const bool refused = relay != nullptr && head && head->status == 407;
  if (refused) co_return client::proxy_refusal(connection, *relay, head->status);
  co_return head;
}

}  // namespace

class Client::Impl {
 public:
  Impl(io::Threads& threads, io::Pool& resolvers, ClientOptions options)
      : options_(std::move(options)), dialer_(resolvers, options_) {
    for (std::size_t i = 0; i < threads.size(); ++i) idle_.push_back(std::make_shared<IdleConnections>());
  }

  ~Impl() {
    for (auto& connections : idle_) connections->close();
  }

  std::size_t open_connections() const { return dialer_.open_connections(); }

  io::Awaitable<Result<std::unique_ptr<Exchange::Impl>>> send(ClientRequest request) {
    const std::shared_ptr<IdleConnections> idle = idle_[io::Threads::current()];
    const std::string origin = origin_of(request.url);
    const Proxy* relay = request.url.scheme == "http" ? options_.proxies.proxy_for(request.url) : nullptr;
    const std::string text = request_text(request, options_.user_agent, relay);
    const bool is_head = request.method == "HEAD";

    std::unique_ptr<Connection> connection = idle->take(origin, request.addresses);
    if (connection != nullptr) {
      StaleCheck stale(*connection);
      auto head = co_await ask(*connection, text, is_head, relay, first_byte_deadline(request));
      if (!head && !stale.may_ask_again(*connection, request.method)) co_return head.error();
      if (head) co_return make_exchange(std::move(connection), std::move(*head), origin, idle, request.deadline);
    }
    auto dialed = co_await dialer_.dial(request.url, request.addresses, request.deadline);
    if (!dialed) co_return dialed.error();
    connection = std::move(*dialed);
    auto head = co_await ask(*connection, text, is_head, relay, first_byte_deadline(request));
    if (!head) co_return head.error();
    co_return make_exchange(std::move(connection), std::move(*head), origin, idle, request.deadline);
  }

 private:
  io::Deadline first_byte_deadline(const ClientRequest& request) const {
    return std::min(request.deadline, io::SteadyClock::now() + options_.timeouts.first_byte);
  }

  std::unique_ptr<Exchange::Impl> make_exchange(std::unique_ptr<Connection> connection, Head head,
                                                const std::string& origin, const std::shared_ptr<IdleConnections>& idle,
                                                io::Deadline deadline) const {
    return std::make_unique<Exchange::Impl>(std::move(connection), std::move(head), origin, idle,
                                            options_.timeouts.stall, deadline, options_.on_read);
  }

  const ClientOptions options_;
  client::Dialer dialer_;
  std::vector<std::shared_ptr<IdleConnections>> idle_;  // one for each io thread
};

Client::Client(io::Threads& threads, io::Pool& resolvers, ClientOptions options)
    : impl_(std::make_unique<Impl>(threads, resolvers, std::move(options))) {}

Client::~Client() = default;

std::size_t Client::open_connections() const { return impl_->open_connections(); }

io::Awaitable<Result<std::unique_ptr<Exchange>>> Client::send(ClientRequest request) {
  auto exchange = co_await impl_->send(std::move(request));
  if (!exchange) co_return exchange.error();
  co_return std::unique_ptr<Exchange>(new Exchange(std::move(*exchange)));
}

}  // namespace entrepot::http
