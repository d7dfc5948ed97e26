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
  ~Threads();  // stops, joins, abandons

  void start();

  // Makes every thread return from what it runs next. Coroutines that are suspended stay so. Thread-safe.
  void stop();
  void join();

  // Destroys every coroutine that is suspended, on all threads, and all that waits to be run. After join(), while
  // whatever they use is still there; objects that hold timers or sockets of these threads may be destroyed afterwards,
  // but before this object.
  void abandon();

  std::size_t size() const { return contexts_.size(); }
  Executor executor(std::size_t thread) { return contexts_[thread]->get_executor(); }

  // The io thread that runs the caller, as a number below size(); 0 on any other thread.
  static std::size_t current();

 private:
  // An io_context whose handlers can be destroyed before itself.
  class Context : public net::io_context {
   public:
    using net::execution_context::shutdown;
    using net::io_context::io_context;
  };

  std::vector<std::unique_ptr<Context>> contexts_;
  std::vector<net::executor_work_guard<Executor>> work_;
  std::vector<std::thread> threads_;
};

}  // namespace entrepot::io
