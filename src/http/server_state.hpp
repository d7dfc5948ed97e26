// What all connections of a server have in common. Shared by the server and by the coroutines that it started: those
// are destroyed with the io threads, maybe after the server.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <unordered_set>
#include <utility>
#include <vector>

#include "entrepot/http/server.hpp"

namespace entrepot::http {

// Something that drain() speaks to: a listener, a connection.
class Drainable {
 public:
  virtual void drain() = 0;  // on its own thread

 protected:
  ~Drainable() = default;
};

// What one io thread has open. Only `connections` is used by other threads.
struct alignas(64) ServerThread {
  std::atomic<std::size_t> connections{0};
  std::unordered_set<Drainable*> open;
};

struct ServerState {
  ServerState(io::Threads& io_threads, io::Tasks& io_tasks, io::Pool& disk_pool, ServerLimits server_limits,
              Handler handle, MakeError error, OnServed served)
      : threads(io_threads),
        tasks(io_tasks),
        pool(disk_pool),
        limits(server_limits),
        handler(std::move(handle)),
        make_error(std::move(error)),
        on_served(std::move(served)),
        per_thread(io_threads.size()) {}

  // Constant after construction.
  io::Threads& threads;
  io::Tasks& tasks;
  io::Pool& pool;
  const ServerLimits limits;
  const Handler handler;
  const MakeError make_error;
  const OnServed on_served;

  std::vector<ServerThread> per_thread;
  std::atomic<std::uint64_t> next_request_id{1};
  std::atomic<bool> draining{false};
};

// Makes something known to drain() as long as it lives. On the thread that it names.
class Registration {
 public:
  Registration(ServerThread& thread, Drainable& what) : thread_(thread), what_(&what) { thread_.open.insert(what_); }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;
  ~Registration() { thread_.open.erase(what_); }

 private:
  ServerThread& thread_;
  Drainable* what_;
};

// A connection's place in its server: it counts as its thread's from its acceptance on.
class Seat {
 public:
  Seat(std::shared_ptr<ServerState> server, std::size_t thread) : server_(std::move(server)), thread_(thread) {
    ++here().connections;
  }
  Seat(Seat&&) noexcept = default;
  Seat& operator=(Seat&&) = delete;
  ~Seat() {
    if (server_ != nullptr) --here().connections;
  }

  ServerState& server() const { return *server_; }
  ServerThread& here() const { return server_->per_thread[thread_]; }

 private:
  std::shared_ptr<ServerState> server_;
  std::size_t thread_;
};

}  // namespace entrepot::http
