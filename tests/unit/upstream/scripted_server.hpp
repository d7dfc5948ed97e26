// An HTTP server on a free port of 127.0.0.1 that answers as a test says and keeps a log of what it was asked.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace entrepot::test {

struct Seen {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  // names in lowercase
  std::string body{};

  std::string header(const std::string& name) const {
    auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
  }
};

struct Reply {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
  bool says_length = true;  // else the connection's end is the body's
  bool never = false;       // no answer until the server ends
};

class ScriptedServer {
 public:
  using Script = std::function<Reply(const Seen&)>;

  explicit ScriptedServer(Script script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, generic, &size) != 0) {
      throw std::runtime_error("no port for the test's server");
    }
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }

  ~ScriptedServer() { stop(); }

  // No script runs any more. A test whose script needs the whole of it calls this in its TearDown().
  void stop() {
    if (!acceptor_.joinable()) return;
    {
      std::lock_guard lock(mutex_);
      stopped_ = true;
      for (int fd : connections_) ::shutdown(fd, SHUT_RDWR);
    }
    stop_.notify_all();
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
    ::close(listener_);
  }

  std::string authority(const std::string& host = "127.0.0.1") const { return host + ":" + std::to_string(port_); }
  std::string url(const std::string& path = "", const std::string& host = "127.0.0.1") const {
    return "http://" + authority(host) + path;
  }

  std::vector<Seen> log() const {
    std::lock_guard lock(mutex_);
    return log_;
  }

  // What was asked below this path, in order.
  std::vector<Seen> log(const std::string& path) const {
    std::vector<Seen> all = log();
    std::erase_if(all, [&](const Seen& seen) { return !seen.target.starts_with(path); });
    return all;
  }

 private:
  void accept_all() {
    for (int fd = ::accept(listener_, nullptr, nullptr); fd >= 0; fd = ::accept(listener_, nullptr, nullptr)) {
      std::lock_guard lock(mutex_);
      if (stopped_) {
        ::close(fd);
        return;
      }
      connections_.push_back(fd);
      threads_.emplace_back([this, fd] { serve(fd); });
    }
  }

  void serve(int fd) {
    std::string buffer;
    bool open = true;
    while (open) {
      auto end = buffer.find("\r\n\r\n");
      if (end == std::string::npos) {
        char chunk[4096];
        ssize_t count = ::recv(fd, chunk, sizeof chunk, 0);
        if (count <= 0) break;
        buffer.append(chunk, static_cast<std::size_t>(count));
        continue;
      }
      Seen seen = parse(buffer.substr(0, end));
      buffer.erase(0, end + 4);
      if (!read_body(fd, buffer, seen)) break;
      {
        std::lock_guard lock(mutex_);
        log_.push_back(seen);
      }
      open = answer(fd, seen, script_(seen));
    }
    std::lock_guard lock(mutex_);
    std::erase(connections_, fd);
    ::close(fd);
  }

  // False: the connection ended before.
  static bool read_body(int fd, std::string& buffer, Seen& seen) {
    const std::string length = seen.header("content-length");
    const std::size_t size = length.empty() ? 0 : std::stoul(length);
    while (buffer.size() < size) {
      char chunk[4096];
      ssize_t count = ::recv(fd, chunk, sizeof chunk, 0);
      if (count <= 0) return false;
      buffer.append(chunk, static_cast<std::size_t>(count));
    }
    seen.body = buffer.substr(0, size);
    buffer.erase(0, size);
    return true;
  }

  bool answer(int fd, const Seen& seen, const Reply& reply) {
    if (reply.never) {
      std::unique_lock lock(mutex_);
      stop_.wait(lock, [this] { return stopped_; });
      return false;
    }
    std::string text = "HTTP/1.1 " + std::to_string(reply.status) + " Scripted\r\n";
    bool has_length = !reply.says_length;
    for (const auto& [name, value] : reply.headers) {
      text.append(name).append(": ").append(value).append("\r\n");
      has_length = has_length || name == "Content-Length";
    }
    if (!has_length) text += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n";
    if (!reply.says_length) text += "Connection: close\r\n";
    text += "\r\n";
    if (seen.method != "HEAD") text += reply.body;
    bool sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
    if (!reply.says_length) ::shutdown(fd, SHUT_RDWR);
    return sent && reply.says_length;
  }

  static Seen parse(const std::string& head) {
    Seen seen;
    auto first_space = head.find(' ');
    seen.method = head.substr(0, first_space);
    seen.target = head.substr(first_space + 1, head.find(' ', first_space + 1) - first_space - 1);
    for (auto line = head.find("\r\n"); line != std::string::npos; line = head.find("\r\n", line + 2)) {
      auto colon = head.find(": ", line);
      if (colon == std::string::npos) break;
      std::string name = head.substr(line + 2, colon - line - 2);
      std::transform(name.begin(), name.end(), name.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      seen.headers[name] = head.substr(colon + 2, head.find("\r\n", colon) - colon - 2);
    }
    return seen;
  }

  const Script script_;
  int listener_ = -1;
  unsigned port_ = 0;
  std::thread acceptor_;
  std::vector<std::thread> threads_;  // touched by the acceptor, and by the destructor after it
  std::condition_variable stop_;
  mutable std::mutex mutex_;
  bool stopped_ = false;          // guarded by mutex_
  std::vector<int> connections_;  // guarded by mutex_
  std::vector<Seen> log_;         // guarded by mutex_
};

}  // namespace entrepot::test
