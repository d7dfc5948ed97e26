// Where the log's lines go: standard error, in whole lines and in the order of the calls.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace entrepot::log {

// By itself, each line is written by the thread that logs it. Between start() and stop() a thread of the writer's own
// does it, many lines at a time, and who logs never waits for who reads: not for a pipe that is full, nor for a disk.
// Thread-safe, but for start() and stop().
class LineWriter {
 public:
  // How many bytes may wait for that thread; what more would come is dropped and counted.
  static constexpr std::size_t kMostWaiting = 8 * 1024 * 1024;

  // `tell_dropped`: the line that says how many lines are missing at its place.
  explicit LineWriter(std::function<std::string(std::uint64_t lines)> tell_dropped)
      : tell_dropped_(std::move(tell_dropped)) {}

  void write(std::string_view line);  // without its end

  void start();
  void stop();  // returns when what waits was written, or nobody took it for two seconds

  std::uint64_t dropped() const;  // lines, since the process began

 private:
  void run();

  const std::function<std::string(std::uint64_t)> tell_dropped_;
  std::thread thread_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;

  // All guarded by mutex_.
  bool running_ = false;  // the thread takes lines
  bool stopping_ = false;
  std::string waiting_;
  std::uint64_t dropped_ = 0;
};

}  // namespace entrepot::log
