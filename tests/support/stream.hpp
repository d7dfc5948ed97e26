// A blocking connection, plain or TLS, for the tests' own servers and clients. Written apart from the code under test.
//
// One thread uses a stream; interrupt() alone may come from another.
#pragma once

#include <openssl/ssl.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "entrepot/base/unique_fd.hpp"

namespace entrepot::test {

class Stream {
 public:
  explicit Stream(UniqueFd fd);

  // TLS from now on; the side is the context's. Throws std::runtime_error if the handshake fails.
  void start_tls(SSL_CTX* context);

  // What the peer has shown, in PEM. Throws std::runtime_error if it has shown none.
  std::string peer_certificate() const;

  // As recv(2): 0 is the peer's FIN, -1 an error in errno (EAGAIN: nothing came in time).
  ssize_t read(char* buffer, std::size_t size);
  bool write(std::string_view bytes);  // all of them, or false

  void set_read_timeout(std::chrono::milliseconds timeout);
  void finish();          // no more from here: the peer reads what was written, then FIN
  void end_with_reset();  // its end will be an RST, where finish() or the destructor would send FIN
  void interrupt();       // makes reads and writes of the owning thread end

 private:
  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  UniqueFd fd_;
  bool resets_ = false;
  std::unique_ptr<SSL, FreeSsl> ssl_;
};

// Throw std::runtime_error with the reason. `port` 0 takes a free one.
UniqueFd listen_on(const std::string& host, std::uint16_t port);
std::uint16_t port_of(int listener);
UniqueFd connect_to(const std::string& host, std::uint16_t port, int receive_buffer = 0);

}  // namespace entrepot::test
