// One timer for each connection; see the header for why it is hardly ever set.
#include "http/connection_watchdog.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <utility>

namespace entrepot::http {

namespace {

// Bytes that the peer has not acknowledged yet.
int unacknowledged(Socket& socket) {
  int bytes = 0;
  return ::ioctl(socket.native_handle(), SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

}  // namespace

struct Watchdog::State : std::enable_shared_from_this<State> {
  explicit State(Socket& watched) : socket(&watched), timer(watched.get_executor()) {}

  void arm(io::Deadline new_deadline) {
    deadline = new_deadline;
    if (deadline < fires_at) schedule();
  }

  void schedule() {
    fires_at = deadline;
    timer.expires_at(fires_at);
    timer.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
      if (!cancelled) self->look();
    });
  }

  void look() {
    if (socket == nullptr) return;
    fires_at = io::kNoDeadline;
    if (deadline == io::kNoDeadline) return;
    if (io::SteadyClock::now() >= deadline) {
      if (!peer_took_some()) {
        boost::system::error_code ignored;
        socket->shutdown(Socket::shutdown_both, ignored);
        return;
      }
      deadline = io::SteadyClock::now() + limit;
    }
    schedule();
  }

  bool peer_took_some() {
    if (!watches_progress) return false;
    int before = std::exchange(queued, unacknowledged(*socket));
    return queued != before;
  }

  Socket* socket;  // null once the connection is gone
  io::Timer timer;
  io::Deadline fires_at = io::kNoDeadline;  // kNoDeadline: the timer is not waiting
  io::Deadline deadline = io::kNoDeadline;

  bool watches_progress = false;
  int queued = 0;  // in the send queue when the deadline was set
  io::SteadyClock::duration limit{};
};

Watchdog::Watchdog(Socket& socket) : state_(std::make_shared<State>(socket)) {}

Watchdog::~Watchdog() {
  state_->socket = nullptr;
  state_->timer.cancel();
}

void Watchdog::allow(io::SteadyClock::duration limit) {
  state_->watches_progress = false;
  state_->arm(io::SteadyClock::now() + limit);
}

void Watchdog::allow_while_taking(io::SteadyClock::duration limit) {
  state_->watches_progress = true;
  state_->queued = unacknowledged(*state_->socket);
  state_->limit = limit;
  state_->arm(io::SteadyClock::now() + limit);
}

void Watchdog::rest() { state_->deadline = io::kNoDeadline; }

}  // namespace entrepot::http
