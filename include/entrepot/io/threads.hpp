// The io threads: each runs one io_context that nobody else runs. They wait for sockets and timers, never for a disk, a
// resolver or a lock that is held across I/O; what blocks goes to a pool (blocking.hpp).
#pragma once

#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "entrepot/io/async.hpp"

namespace entrepot::io {

class Threads {
 public:
  // `count` 0: one for each processor. No thread runs before start().
  explicit Threads(std::size_t count);
  ~Threads();  // stops and joins

  void start();

  // Makes every thread return from what it runs next. Coroutines that are suspended stay so, and are destroyed with
  // this object. Thread-safe.
  void stop();
  void join();

  std::size_t size() const { return contexts_.size(); }
  Executor executor(std::size_t thread) { return contexts_[thread]->get_executor(); }

  // The io thread that runs the caller, as a number below size(); 0 on any other thread.
  static std::size_t current();

 private:
  std::vector<std::unique_ptr<net::io_context>> contexts_;
  std::vector<net::executor_work_guard<Executor>> work_;
  std::vector<std::thread> threads_;
};

}  // namespace entrepot::io
