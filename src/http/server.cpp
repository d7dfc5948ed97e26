// Listening, accepting, and the first half of a shutdown.
#include "entrepot/http/server.hpp"

#include <algorithm>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <csignal>

#include "entrepot/base/log.hpp"
#include "entrepot/base/text.hpp"
#include "http/connection.hpp"
#include "http/server_state.hpp"
#include "http/server_tls.hpp"

namespace entrepot::http {

namespace {

using Tcp = net::ip::tcp;
using Acceptor = net::basic_socket_acceptor<Tcp, io::Executor>;
using ErrorCode = boost::system::error_code;

// How long accepting pauses when the process has no file descriptor left, or the system no memory.
constexpr auto kPause = std::chrono::milliseconds(100);

struct Listener final : Drainable {
  Listener(io::Executor executor, std::size_t index_of_this) : acceptor(executor), index(index_of_this) {}

  void drain() override {
    ErrorCode ignored;
    acceptor.close(ignored);
  }

  Acceptor acceptor;
  std::size_t index;
  std::shared_ptr<const ServerTls> tls;  // null: plain
};

std::size_t least_busy(const ServerState& server) {
  auto fewer = [](const ServerThread& a, const ServerThread& b) { return a.connections < b.connections; };
  auto least = std::min_element(server.per_thread.begin(), server.per_thread.end(), fewer);
  return static_cast<std::size_t>(least - server.per_thread.begin());
}

void start_connection(const std::shared_ptr<ServerState>& server, Listener& listener, Socket peer, std::size_t thread) {
  ErrorCode ignored;
  peer.set_option(Tcp::no_delay(true), ignored);
  // A connection keeps what it needs of the context (SSL_new(3)).
  std::unique_ptr<Transport> transport =
      listener.tls ? make_tls_transport(std::move(peer), *listener.tls->context(), server->limits.stall, server->pool)
                   : make_tcp_transport(std::move(peer), server->limits.stall, server->pool);
  server->tasks.spawn(server->threads.executor(thread), "connection",
                      serve_connection(Seat(server, thread), std::move(transport), listener.index));
}

// Runs on thread `home` and owns the listener: an acceptor has to go before its io_context.
io::Awaitable<> accept_connections(std::shared_ptr<ServerState> server, std::unique_ptr<Listener> listener,
                                   std::size_t home) {
  Registration registration(server->per_thread[home], *listener);
  while (!server->draining) {
    const std::size_t thread = least_busy(*server);
    Socket peer(server->threads.executor(thread));
    auto [failure] = co_await listener->acceptor.async_accept(peer, io::as_result);
    if (server->draining) break;
    if (failure) {
      log::warning("accept_failed", {{"error", failure.message()}});
      co_await io::sleep_for(kPause);
      continue;
    }
    start_connection(server, *listener, std::move(peer), thread);
  }
}

Result<void> bind(Acceptor& acceptor, const ListenerOptions& options) {
  ErrorCode failure;
  const net::ip::address address = net::ip::make_address(options.host, failure);
  if (failure) return Error{Errc::Invalid, "cannot listen on " + options.host + ": it is no IP address"};
  const Tcp::endpoint endpoint(address, options.port);

  ErrorCode ignored;  // without these options a listener still listens
  acceptor.open(endpoint.protocol(), failure);
  if (!failure) {
    acceptor.set_option(net::socket_base::reuse_address(true), ignored);
    if (address.is_v6()) acceptor.set_option(net::ip::v6_only(false), ignored);
    acceptor.bind(endpoint, failure);
  }
  if (!failure) acceptor.listen(net::socket_base::max_listen_connections, failure);
  if (failure) {
    return Error{Errc::Io, "cannot listen on " + host_and_port(options.host, options.port) + ": " + failure.message()};
  }
  return ok();
}

}  // namespace

class Server::Impl {
 public:
  explicit Impl(std::shared_ptr<ServerState> state) : state_(std::move(state)) {}

  Result<void> listen(const ListenerOptions& options) {
    const std::size_t index = ports_.size();
    auto listener = std::make_unique<Listener>(state_->threads.executor(home_of(index)), index);
    if (options.tls) {
      auto tls = std::make_shared<ServerTls>(*options.tls);
      if (Result<void> loaded = tls->load(); !loaded) return loaded;
      listener->tls = tls;
      tls_.push_back(std::move(tls));
    }
    if (Result<void> bound = bind(listener->acceptor, options); !bound) return bound;
    ports_.push_back(listener->acceptor.local_endpoint().port());
    waiting_.push_back(std::move(listener));
    return ok();
  }

  void start() {
    for (std::unique_ptr<Listener>& listener : waiting_) {
      const std::size_t home = home_of(listener->index);
      state_->tasks.spawn(state_->threads.executor(home), "listener",
                          accept_connections(state_, std::move(listener), home));
    }
    waiting_.clear();
  }

  std::vector<Error> reload_certificates() {
    std::vector<Error> errors;
    for (const std::shared_ptr<ServerTls>& tls : tls_) {
      if (Result<void> loaded = tls->load(); !loaded) errors.push_back(loaded.error());
    }
    return errors;
  }

  void drain() {
    state_->draining = true;
    for (std::size_t thread = 0; thread < state_->threads.size(); ++thread) {
      net::post(state_->threads.executor(thread), [state = state_, thread] {
        for (Drainable* open : state->per_thread[thread].open) open->drain();
      });
    }
  }

  std::uint16_t port(std::size_t listener) const { return ports_.at(listener); }

  std::size_t open_connections() const {
    std::size_t total = 0;
    for (const ServerThread& thread : state_->per_thread) total += thread.connections;
    return total;
  }

 private:
  std::size_t home_of(std::size_t listener) const { return listener % state_->threads.size(); }

  std::shared_ptr<ServerState> state_;
  std::vector<std::unique_ptr<Listener>> waiting_;  // for start()
  std::vector<std::uint16_t> ports_;
  std::vector<std::shared_ptr<ServerTls>> tls_;  // of those listeners that have one
};

Server::Server(io::Threads& threads, io::Tasks& tasks, io::Pool& pool, ServerLimits limits, Handler handler,
               MakeError make_error, OnServed on_served)
    : impl_(std::make_unique<Impl>(std::make_shared<ServerState>(threads, tasks, pool, limits, std::move(handler),
                                                                 std::move(make_error), std::move(on_served)))) {
  // sendfile(2) has no MSG_NOSIGNAL.
  std::signal(SIGPIPE, SIG_IGN);
}

Server::~Server() = default;

Result<void> Server::listen(const ListenerOptions& options) { return impl_->listen(options); }
void Server::start() { impl_->start(); }
std::uint16_t Server::port(std::size_t listener) const { return impl_->port(listener); }
std::vector<Error> Server::reload_certificates() { return impl_->reload_certificates(); }
void Server::drain() { impl_->drain(); }
std::size_t Server::open_connections() const { return impl_->open_connections(); }

}  // namespace entrepot::http
