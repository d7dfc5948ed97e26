// An HTTP/1.1 server on a loopback address with a thread for each connection. What it answers is its handler's affair.
//
// start(), stop() and the destructor are called by one thread; the handler runs on the connections' threads.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "http_text.hpp"
#include "stream.hpp"

namespace entrepot::test {

struct FakeRequest {
  std::string method;
  std::string path;   // decoded
  std::string query;  // as it came
  HeaderList headers;
  std::string body{};  // of as many bytes as Content-Length says

  std::string header(std::string_view name) const { return find_header(headers, name); }
};

class FakeServer {
 public:
  // Answers one request. False: the connection ends after it.
  using Handler = std::function<bool(Stream& stream, const FakeRequest& request)>;

  // Does not listen yet. With `tls`, which must outlive the server, every connection is TLS.
  FakeServer(std::string host, SSL_CTX* tls, Handler handler);
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;
  ~FakeServer() { stop(); }

  void start();  // the first time on a free port, later on the same one
  void stop();   // connections are refused from now on, open ones cut; returns when no thread runs any more

  const std::string& host() const { return host_; }
  std::uint16_t port() const { return port_; }

 private:
  void accept_connections();
  void serve(UniqueFd fd);
  void converse(Stream& stream);

  const std::string host_;
  SSL_CTX* const tls_;
  const Handler handler_;

  UniqueFd listener_;
  std::uint16_t port_ = 0;
  std::thread acceptor_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable fewer_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
  std::set<Stream*> streams_;
};

}  // namespace entrepot::test
