#include "request_log.hpp"

#include <fnmatch.h>

#include <algorithm>

#include "gate.hpp"

namespace entrepot::test {
namespace {

std::uint64_t sum_of_bodies(const std::vector<LoggedRequest>& requests) {
  std::uint64_t sum = 0;
  for (const LoggedRequest& request : requests) sum += request.body_bytes;
  return sum;
}

}  // namespace

bool matches(const std::string& glob, const std::string& path) { return ::fnmatch(glob.c_str(), path.c_str(), 0) == 0; }

RequestLog::Entry RequestLog::add(const FakeRequest& request) {
  auto entry = std::make_shared<LoggedRequest>(
      LoggedRequest{request.method, request.path, request.query, request.headers, request.body, 0, 0, 0});
  std::lock_guard lock(shared_->mutex);
  shared_->requests.push_back(entry);
  shared_->changed.notify_all();
  return Entry(shared_, std::move(entry));
}

void RequestLog::clear() {
  std::lock_guard lock(shared_->mutex);
  shared_->requests.clear();
}

std::vector<LoggedRequest> RequestLog::requests(const std::string& method, const std::string& glob) const {
  std::lock_guard lock(shared_->mutex);
  std::vector<LoggedRequest> found;
  for (const auto& request : shared_->requests)
    if ((method.empty() || request->method == method) && matches(glob, request->path)) found.push_back(*request);
  return found;
}

bool RequestLog::await(const std::string& method, const std::string& glob, std::size_t count) {
  auto end = std::chrono::steady_clock::now() + kPatience;
  while (this->count(method, glob) < count) {
    std::unique_lock lock(shared_->mutex);
    shared_->changed.wait_for(lock, std::chrono::milliseconds(5));
    if (std::chrono::steady_clock::now() > end) return false;
  }
  return true;
}

bool RequestLog::await_bytes(const std::string& glob, std::uint64_t bytes) {
  auto end = std::chrono::steady_clock::now() + kPatience;
  while (bytes_sent(glob) < bytes) {
    std::unique_lock lock(shared_->mutex);
    shared_->changed.wait_for(lock, std::chrono::milliseconds(5));
    if (std::chrono::steady_clock::now() > end) return false;
  }
  return true;
}

std::uint64_t RequestLog::bytes_sent(const std::string& glob) const { return sum_of_bodies(requests("", glob)); }

std::uint64_t RequestLog::bytes_sent_twice(const std::string& glob) const {
  std::vector<LoggedRequest> sent = requests("", glob);
  std::sort(sent.begin(), sent.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::uint64_t once = 0;
  std::uint64_t covered = 0;  // everything below it is counted
  for (const LoggedRequest& request : sent) {
    std::uint64_t end = request.first + request.body_bytes;
    std::uint64_t begin = std::max(request.first, covered);
    if (end > begin) once += end - begin;
    covered = std::max(covered, end);
  }
  return sum_of_bodies(sent) - once;
}

void RequestLog::Entry::answered(unsigned status, std::uint64_t first) {
  std::lock_guard lock(shared_->mutex);
  request_->status = status;
  request_->first = first;
  shared_->changed.notify_all();
}

void RequestLog::Entry::sending(std::uint64_t bytes) {
  std::lock_guard lock(shared_->mutex);
  request_->body_bytes += bytes;
  shared_->changed.notify_all();
}

}  // namespace entrepot::test
