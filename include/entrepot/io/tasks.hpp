// Coroutines that run on their own. The only place of the program with co_spawn.
#pragma once

#include <atomic>
#include <cstddef>

#include "entrepot/io/async.hpp"

namespace entrepot::io {

// Counts what it has started, so that a shutdown can wait for it. Thread-safe. Must outlive its tasks.
class Tasks {
 public:
  Tasks() = default;
  Tasks(const Tasks&) = delete;
  Tasks& operator=(const Tasks&) = delete;

  // Runs `task` on the thread of `executor`, always after this call has returned. `name` (a literal) is what the log
  // says if an exception ends it, which is a bug. The task must own what it uses, or use what outlives the io threads:
  // no lambda with captures (C++ Core Guidelines CP.51).
  void spawn(Executor executor, const char* name, Awaitable<> task);

  std::size_t running() const { return running_.load(); }

 private:
  std::atomic<std::size_t> running_{0};
};

}  // namespace entrepot::io
