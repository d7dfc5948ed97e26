// What an upstream says of its rate limit in its answers: "ratelimit-limit: 100;w=21600" and "ratelimit-remaining:
// 76;w=21600", as Docker Hub does (docs.docker.com, "Usage and limits"). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace entrepot::upstream {

struct Quota {
  std::uint64_t limit;      // requests in a window
  std::uint64_t remaining;  // of them

  bool is_low() const { return remaining <= limit / 10; }
  friend bool operator==(const Quota&, const Quota&) = default;
};

// From the values of the two fields; nothing unless both begin with a number.
std::optional<Quota> parse_quota(std::string_view limit, std::string_view remaining);

}  // namespace entrepot::upstream
