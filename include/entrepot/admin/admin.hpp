// What operators and orchestrators ask, on a listener of its own: is it alive, is it ready, what has it done.
#pragma once

#include <atomic>
#include <string_view>

#include "entrepot/base/metrics.hpp"
#include "entrepot/base/notices.hpp"
#include "entrepot/http/message.hpp"

namespace entrepot::admin {

// Thread-safe.
class Admin {
 public:
  Admin(const metrics::Registry& registry, const Notices& notices)  // must outlive it
      : registry_(registry), notices_(notices) {}

  // /readyz is 200 from here on, or no longer. Its body has a line for each notice besides.
  void set_ready(bool ready) { ready_ = ready; }

  // An http::Handler.
  io::Awaitable<http::Response> handle(const http::Request& request) const;

  // An http::MakeError.
  static http::Response refused(const http::Request& request, unsigned status, std::string_view reason);

 private:
  const metrics::Registry& registry_;
  const Notices& notices_;
  std::atomic<bool> ready_{false};
};

}  // namespace entrepot::admin
