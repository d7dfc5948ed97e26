// What operators and orchestrators ask, on a listener of its own: is it alive, is it ready, what has it done.
#pragma once

#include <atomic>
#include <string_view>

#include "entrepot/base/metrics.hpp"
#include "entrepot/http/message.hpp"

namespace entrepot::admin {

// Thread-safe.
class Admin {
 public:
  explicit Admin(const metrics::Registry& registry) : registry_(registry) {}  // must outlive it

  // /readyz is 200 from here on, or no longer.
  void set_ready(bool ready) { ready_ = ready; }

  // An http::Handler.
  io::Awaitable<http::Response> handle(const http::Request& request) const;

  // An http::MakeError.
  static http::Response refused(const http::Request& request, unsigned status, std::string_view reason);

 private:
  const metrics::Registry& registry_;
  std::atomic<bool> ready_{false};
};

}  // namespace entrepot::admin
