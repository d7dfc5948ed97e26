// The HTTP server: listeners, connections, and what they have in common. Knows no registry.
//
// HTTP/1.1 and 1.0, plain or TLS; keep-alive and pipelining. A connection is one coroutine that lives on one io thread:
// the acceptor hands a new socket to the thread with the fewest connections, and nothing crosses threads after that.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "entrepot/base/result.hpp"
#include "entrepot/http/message.hpp"
#include "entrepot/io/blocking.hpp"
#include "entrepot/io/tasks.hpp"
#include "entrepot/io/threads.hpp"

namespace entrepot::http {

struct TlsFiles {
  std::string certificate;  // PEM, the chain
  std::string key;          // PEM
  std::string client_ca{};  // PEM: only clients that show a certificate of one of these are served; "": all are
};

struct ListenerOptions {
  std::string host;  // an IP literal
  std::uint16_t port = 0;
  std::optional<TlsFiles> tls{};
};

struct ServerLimits {
  std::size_t header_bytes = 32 * 1024;                        // request line and fields; more: 431
  io::SteadyClock::duration idle = std::chrono::seconds(120);  // between requests
  io::SteadyClock::duration request =
      std::chrono::seconds(15);  // from a request's first byte to its end; TLS handshake too
  io::SteadyClock::duration stall = std::chrono::seconds(60);  // a client that takes no byte for so long is cut
};

// Called on the connection's thread. Never throws; the request outlives the coroutine.
using Handler = std::function<io::Awaitable<Response>(const Request&)>;

// What the access log and the metrics get, once for each request that got a response (also those that the server itself
// refused).
struct Served {
  const Request& request;
  const Response& response;
  std::uint64_t bytes_sent;              // of the body
  bool complete;                         // the whole response went out
  io::SteadyClock::duration first_byte;  // from the request's first byte to the moment when its answer began
  io::SteadyClock::duration duration;    // likewise, to its end
};
using OnServed = std::function<void(const Served&)>;

// The response to a request that the server refuses (bad grammar, a body, too large), with the status that it chose.
// Where the head could not be read, the request is empty.
using MakeError = std::function<Response(const Request&, unsigned status, std::string_view reason)>;

class Server {
 public:
  // `threads`, `tasks` and `pool` (for reads of cold file pages) must outlive the server; the callbacks are called from
  // every io thread at once; an empty `on_served` is not called. From here on the process ignores SIGPIPE.
  Server(io::Threads& threads, io::Tasks& tasks, io::Pool& pool, ServerLimits limits, Handler handler,
         MakeError make_error, OnServed on_served);

  // After the io threads have stopped. Connections that are still open are destroyed with the threads' io_contexts, and
  // with them the responses, body sources included, that they were sending.
  ~Server();

  // Binds and listens; connections are accepted from start() on. Before the threads run. An error says which address,
  // and for TLS which file, is at fault.
  Result<void> listen(const ListenerOptions& options);
  void start();

  // The port that the listener really has.
  std::uint16_t port(std::size_t listener) const;

  // Reads certificates and keys again, for the connections that come from now on; open ones keep theirs. A listener
  // whose files are at fault goes on with what it has, and there is an error that says which file. Blocks; thread-safe.
  std::vector<Error> reload_certificates();

  // First half of a shutdown: no new connections, and each that is open ends after the response that it is sending
  // (idle ones at once). Thread-safe.
  void drain();

  std::size_t open_connections() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace entrepot::http
