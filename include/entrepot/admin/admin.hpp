// What operators and orchestrators ask, on a listener of its own: is it alive, is it ready.
#pragma once

#include <atomic>
#include <string_view>

#include "entrepot/http/message.hpp"

namespace entrepot::admin {

// Thread-safe.
class Admin {
 public:
  // /readyz is 200 from here on, or no longer.
  void set_ready(bool ready) { ready_ = ready; }

  // An http::Handler.
  io::Awaitable<http::Response> handle(const http::Request& request) const;

  // An http::MakeError.
  static http::Response refused(const http::Request& request, unsigned status, std::string_view reason);

 private:
  std::atomic<bool> ready_{false};
};

}  // namespace entrepot::admin
