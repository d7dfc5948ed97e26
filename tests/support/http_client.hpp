// A blocking HTTP/1.1 client that sees what others hide: when each byte came, and how a connection ended.
//
// One thread uses a connection. Waits end after the patience with what is there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http_text.hpp"

namespace entrepot::test {

// How a response's body ended.
enum class Ending {
  Complete,  // by its length, its terminating chunk or, without either, the connection's end
  Short,     // the connection ended (FIN) before that
  Reset,     // it was reset (RST) before that
  TimedOut,  // nothing more came in time
};

struct Reply {
  int status = 0;  // 0: the connection ended before a whole header
  HeaderList headers{};
  std::string body{};
  Ending ending = Ending::Complete;

  std::string header(std::string_view name) const { return find_header(headers, name); }
  bool has(std::string_view name) const { return has_header(headers, name); }
  bool complete() const { return ending == Ending::Complete; }
};

struct ConnectionOptions {
  std::string host = "127.0.0.1";
  int receive_buffer = 0;  // bytes; 0: the kernel's choice. A small one makes a slow reader felt
  bool tls = false;        // any certificate is taken
};

class HttpConnection {
 public:
  explicit HttpConnection(std::uint16_t port, const ConnectionOptions& options = {});

  void send(const std::string& method, const std::string& target, const HeaderList& headers = {});
  void send_raw(std::string_view text);

  // Status and header of the next response; status 0 if the connection ends instead. Its body is what is read next.
  Reply read_head();

  // Body bytes, decoded, of the response whose head was read: at most `most`, but one at least; none at its end.
  std::string read_some(std::size_t most = 65536);

  // That many of them, fewer only where the body ends before.
  std::string read_exactly(std::size_t count);

  // Whatever is left of the body, and how it ended.
  void read_rest(Reply& reply);

  Reply read_reply() {
    Reply reply = read_head();
    if (reply.status != 0) read_rest(reply);
    return reply;
  }
  Reply request(const std::string& method, const std::string& target, const HeaderList& headers = {}) {
    send(method, target, headers);
    return read_reply();
  }

  std::string peer_certificate() const { return stream_.peer_certificate(); }  // in PEM; with TLS only

  bool closed_by_peer();  // waits for the peer's FIN or RST; false: bytes came, or nothing in time

 private:
  bool fill();        // reads more into buffer_; false: ending_ says why there is no more
  bool next_chunk();  // reads a chunk's header; false: there is none

  Stream stream_;
  std::string buffer_;  // read and not yet consumed
  bool is_head_ = false;
  bool chunked_ = false;
  bool in_chunk_ = false;
  std::optional<std::uint64_t> left_;  // of the body, or of the chunk; none: up to the connection's end
  std::optional<Ending> ending_;       // of the current body
};

// One request on a connection of its own.
Reply request(std::uint16_t port, const std::string& method, const std::string& target, const HeaderList& headers = {},
              const ConnectionOptions& options = {});

}  // namespace entrepot::test
