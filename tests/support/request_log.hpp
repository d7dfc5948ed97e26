// What a fake registry was asked for and what it sent: the number of requests and of bytes that a test can count.
// Thread-safe.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "fake_server.hpp"

namespace entrepot::test {

struct LoggedRequest {
  std::string method;
  std::string path;
  std::string query;
  HeaderList headers;
  std::string body{};            // of the request
  unsigned status = 0;           // 0: not answered yet
  std::uint64_t first = 0;       // where in the object the body begins
  std::uint64_t body_bytes = 0;  // how many of them were sent so far

  std::string header(std::string_view name) const { return find_header(headers, name); }
  std::string range() const { return header("Range"); }
  std::string authorization() const { return header("Authorization"); }
};

// `glob` in every call is compared with the path; a * in it matches slashes too.
bool matches(const std::string& glob, const std::string& path);

class RequestLog {
 public:
  class Entry;  // one request in progress

  Entry add(const FakeRequest& request);
  void clear();

  // In the order of their arrival. `method` "" is every method.
  std::vector<LoggedRequest> requests(const std::string& method = "", const std::string& glob = "*") const;
  std::size_t count(const std::string& method, const std::string& glob) const { return requests(method, glob).size(); }

  // Waits until `count` such requests have come. False: they did not come in time.
  bool await(const std::string& method, const std::string& glob, std::size_t count = 1);

  // Waits until at least `bytes` of bodies went out to such paths. False: they did not in time.
  bool await_bytes(const std::string& glob, std::uint64_t bytes);

  std::uint64_t bytes_sent(const std::string& glob) const;

  // How many bytes of the object behind the one path `glob` went out more than once.
  std::uint64_t bytes_sent_twice(const std::string& glob) const;

 private:
  struct Shared {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::shared_ptr<LoggedRequest>> requests;
  };
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

class RequestLog::Entry {
 public:
  void answered(unsigned status, std::uint64_t first);
  void sending(std::uint64_t bytes);

 private:
  friend class RequestLog;
  Entry(std::shared_ptr<Shared> shared, std::shared_ptr<LoggedRequest> request)
      : shared_(std::move(shared)), request_(std::move(request)) {}

  std::shared_ptr<Shared> shared_;
  std::shared_ptr<LoggedRequest> request_;
};

}  // namespace entrepot::test
