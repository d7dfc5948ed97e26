// The HTTP client: one exchange at a time on a pooled connection, its body read as it comes. Knows no registry:
// redirects and authorization are its caller's. Only HTTP/1.1.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "entrepot/base/result.hpp"
#include "entrepot/http/message.hpp"
#include "entrepot/http/proxy.hpp"
#include "entrepot/http/url.hpp"
#include "entrepot/io/blocking.hpp"
#include "entrepot/io/threads.hpp"

namespace entrepot::http {

// What kind of network an address belongs to. IPv6 addresses that stand for an IPv4 one, mapped or for NAT64, count as
// that.
enum class AddressKind {
  Public,
  Private,    // RFC 1918, RFC 4193 (fc00::/7), RFC 6598 (100.64/10)
  Loopback,   // 127/8, ::1; 0.0.0.0 and ::, which connect to this host
  LinkLocal,  // 169.254/16, fe80::/10
  Metadata,   // 169.254.169.254 and others where clouds hand out credentials
};

AddressKind kind_of(const std::string& ip_literal);  // Metadata for what is no IP literal

bool is_this_machine(const std::string& host);  // "localhost" or a loopback address

// Where a connection may go. A configured upstream may be anywhere but Metadata; what an upstream points to (a
// redirect, a token realm) only to public addresses and those of the kinds that the upstream itself has.
struct AddressRule {
  bool any = false;              // everything but Metadata
  std::set<AddressKind> also{};  // besides Public
  bool metadata = false;         // for who asks a cloud for its own account, and for nothing that a registry says

  bool allows(AddressKind kind) const;
};

struct ClientTimeouts {
  io::SteadyClock::duration connect = std::chrono::seconds(5);  // name, TCP, a proxy's tunnel and TLS
  io::SteadyClock::duration first_byte =
      std::chrono::seconds(15);                                // from the request to the end of the answer's header
  io::SteadyClock::duration stall = std::chrono::seconds(30);  // of the body, between two reads
};

struct ClientRequest {
  std::string method;  // GET, HEAD, POST, PUT
  Url url;
  HeaderBlock headers;  // without Host, User-Agent, Accept-Encoding (identity), Content-Length: the client writes those
  std::string body{};
  AddressRule addresses{};
  io::Deadline deadline = io::kNoDeadline;  // of all up to the answer's header, and of read_all(); then Errc::Timeout
};

// An answer whose header has arrived. Destroying it before its body's end closes the connection; after it, the
// connection goes back to the pool. Used by one coroutine, on the io thread that made it.
class Exchange {
 public:
  ~Exchange();

  unsigned status() const;
  std::string_view header(std::string_view name) const;                 // the first of this name, or ""
  std::vector<std::string> header_values(std::string_view name) const;  // all of this name, one for each line
  std::optional<std::uint64_t> content_length() const;  // of a HEAD too; none if the header does not say

  // Of the address that answered. Through a proxy: of the one that the URL has as its host, and Public if that is a
  // name.
  AddressKind peer_kind() const;

  // Reads up to `buffer.size()` bytes of the body, as soon as there are some; 0 is its end. A connection that ends
  // before Content-Length or the last chunk is Errc::BadGateway, one that stalls Errc::Timeout; nothing can be read
  // after either.
  io::Awaitable<Result<std::size_t>> read(std::span<std::byte> buffer);

  // The body is going to be left before its end (or is not, after all): the peer may then have only little on its way
  // to us, which would be sent for nothing.
  void expect_cut(bool expected);

  // All that is left of the body, by the request's deadline. Errc::BadGateway if it is more than `limit` bytes.
  io::Awaitable<Result<std::string>> read_all(std::size_t limit);

 private:
  friend class Client;
  class Impl;
  explicit Exchange(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// What the client shows to the servers that ask for a certificate, and to which of them. PEM.
struct ClientCertificate {
  std::string certificate_file;  // with its chain
  std::string key_file;
  std::set<std::string> hosts;  // as Url::host has them; at any port
};

struct ClientOptions {
  std::string ca_file{};                           // PEM, trusted besides the system's certificates
  std::optional<ClientCertificate> certificate{};  // read by the client's constructor
  Proxies proxies{};
  std::string user_agent = "entrepot";
  ClientTimeouts timeouts{};
  std::function<void(std::size_t)> on_read{};  // called with the size of each part of a body; from every io thread
};

// Thread-safe. Connections are kept for each io thread apart; one that was idle for 60 s is not used again, one that
// turns out to be closed by the peer before a byte of the answer is replaced once, unseen by the caller. Of a name's
// addresses the first that answers is taken.
class Client {
 public:
  // `threads` and `resolvers` (for getaddrinfo) must outlive the client, and `threads` the jobs of `resolvers`. Throws
  // std::runtime_error if a certificate or key cannot be read.
  Client(io::Threads& threads, io::Pool& resolvers, ClientOptions options);

  // When no io thread runs any more. Coroutines that they left suspended in send() or Exchange::read() may go later.
  ~Client();

  // Errc::BadGateway: refused (by a proxy too), DNS, TLS, an answer that is not HTTP, an address that the rule forbids;
  // Errc::Timeout.
  // Any status is an answer, not an error. Messages name the host, never a header. An answer with both
  // Transfer-Encoding and Content-Length, or a 2xx with a Content-Encoding other than identity, is Errc::BadGateway.
  io::Awaitable<Result<std::unique_ptr<Exchange>>> send(ClientRequest request);

  std::size_t open_connections() const;  // idle ones too

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace entrepot::http
