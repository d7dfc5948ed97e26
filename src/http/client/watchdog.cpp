#include "http/client/watchdog.hpp"

namespace entrepot::http::client {

// A deadline that moves on with each read costs an assignment, not a timer: the timer sleeps on to where it was set and
// looks there how far the deadline has moved.
struct Watchdog::Watch {
  explicit Watch(Socket& watched) : socket(watched), timer(watched.get_executor()) {}

  Socket& socket;
  io::Timer timer;
  io::Deadline deadline = io::kNoDeadline;
  io::Deadline alarm = io::kNoDeadline;  // when the timer wakes; kNoDeadline: it does not run
  bool fired = false;
};

Watchdog::Watchdog(Socket& socket) : watch_(std::make_shared<Watch>(socket)) {}

bool Watchdog::fired() const { return watch_->fired; }

void Watchdog::arm(io::Deadline deadline) {
  watch_->deadline = deadline;
  if (deadline < watch_->alarm) sleep(watch_);
}

void Watchdog::sleep(const std::shared_ptr<Watch>& watch) {
  watch->alarm = watch->deadline;
  watch->timer.expires_at(watch->alarm);
  watch->timer.async_wait([weak = std::weak_ptr(watch)](boost::system::error_code cancelled) {
    if (cancelled) return;
    if (std::shared_ptr<Watch> alive = weak.lock()) wake(alive);
  });
}

void Watchdog::wake(const std::shared_ptr<Watch>& watch) {
  watch->alarm = io::kNoDeadline;
  if (watch->deadline == io::kNoDeadline) return;
  if (io::SteadyClock::now() < watch->deadline) return sleep(watch);
  watch->fired = true;
  boost::system::error_code ignored;
  watch->socket.close(ignored);
}

}  // namespace entrepot::http::client
