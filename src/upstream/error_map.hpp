// From an upstream's answer that is not what was asked for to the error that the cache acts on. Pure: one table.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "entrepot/base/clock.hpp"
#include "entrepot/base/result.hpp"

namespace entrepot::upstream {

inline constexpr std::size_t kMaxErrorBody = 64 * 1024;

// Who gave the answer.
enum class Answerer {
  Registry,       // at its own URL, or at the target of a redirect that speaks the registry API itself
  Storage,        // the target of a redirect, to which a signed URL pointed
  TokenEndpoint,  // the realm of a challenge
};

struct ErrorAnswer {
  Answerer answerer = Answerer::Registry;
  unsigned status = 0;
  std::string_view retry_after{};
  std::string_view content_type{};
  std::string_view body{};
  std::string_view where{};  // host and path, for the message if the body has none; never a query
};

// NotFound, Denied, RateLimited and Unavailable where the answer says so; all else is BadGateway. A storage's 401 and
// 403 are BadGateway too: its signed URL has expired, which says nothing of the client's rights, and the registry gives
// a new one. The message is the upstream's own.
Error error_from(const ErrorAnswer& answer, Time now);

// The same with "<upstream>: " before the message: what leaves this module says whose fault it is.
Error named(std::string_view upstream, Error error);

}  // namespace entrepot::upstream
