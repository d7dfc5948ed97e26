// A real server on 127.0.0.1 with two io threads, and a client that is no more than a socket: tests see every byte.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "entrepot/base/unique_fd.hpp"
#include "entrepot/http/server.hpp"

namespace entrepot::http::test {

using namespace std::chrono_literals;

// A client socket. Reads give up after 10 s, as if the server had said nothing.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receive_buffer = 0);

  RawClient& send(std::string_view text);
  void end_sending();

  // One response: status line and fields in `head`, and a body as Content-Length or chunks say. With `no_body`, as for
  // a HEAD, only the head.
  struct Answer {
    std::string head;
    std::string body;
    bool whole = false;  // the body has the length that it should have

    unsigned status() const { return head.size() > 12 ? static_cast<unsigned>(std::stoul(head.substr(9, 3))) : 0; }
    bool has(std::string_view line) const {
      return head.find("\r\n" + std::string(line) + "\r\n") != std::string::npos;
    }
    bool has_field(std::string_view name) const {
      return head.find("\r\n" + std::string(name) + ":") != std::string::npos;
    }
  };
  Answer receive(bool no_body = false);

  // All up to the connection's end.
  std::string receive_all();

  // How the connection stands once all was read: a FIN, or something worse.
  bool ended_with_fin();

  std::string receive_some(std::size_t limit);
  int fd() const { return socket_.get(); }

 private:
  bool fill();

  UniqueFd socket_;
  std::string buffer_;
  bool fin_ = false;
};

// A body in steps. A step that fails cuts it; bytes and slices are sent; a pause makes next() wait.
struct Fail {};
using Step = std::variant<std::string, FileSlice, std::chrono::milliseconds, Fail>;

class StepSource final : public BodySource {
 public:
  explicit StepSource(std::vector<Step> steps) : steps_(steps.begin(), steps.end()) {}
  io::Awaitable<Result<BodyPart>> next() override;

 private:
  std::deque<Step> steps_;
  std::string current_;
};

// What the server told its access log.
struct LogLine {
  std::string method;
  std::string target;
  unsigned status;
  std::uint64_t bytes_sent;
  bool complete;
  std::string client;
};

class ServerFixture : public ::testing::Test {
 protected:
  using Respond = std::function<Response(const Request&)>;

  ServerFixture();
  ~ServerFixture() override;

  // Starts a server that answers with what `respond` returns.
  void serve(Respond respond, ServerLimits limits = {}, std::optional<TlsFiles> tls = {});
  void serve_text(std::string text, ServerLimits limits = {});

  RawClient connect(int receive_buffer = 0) { return RawClient(server_->port(0), receive_buffer); }
  RawClient connect_and_send(std::string_view text);

  // The access log, once it has `count` lines.
  std::vector<LogLine> log(std::size_t count);

  bool becomes_true(const std::function<bool()>& condition);

  io::Tasks tasks_;
  io::Threads threads_{2};
  io::Pool pool_{2};
  std::unique_ptr<Server> server_;

 private:
  std::mutex mutex_;
  std::condition_variable logged_;
  std::vector<LogLine> lines_;  // guarded by mutex_
};

Response text_response(std::string text);
Response source_response(std::vector<Step> steps, std::optional<std::uint64_t> length = {});

inline constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

}  // namespace entrepot::http::test
