// The Retry-After header. Pure. Source: RFC 9110, 10.2.3 and 5.6.7.
#pragma once

#include <chrono>
#include <string_view>

#include "entrepot/base/clock.hpp"

namespace entrepot::upstream {

// Seconds, or the time that a date (in any of HTTP's three forms) lies after `now`. 0 if there is none, if it makes no
// sense or has passed; never more than a day.
std::chrono::seconds parse_retry_after(std::string_view value, Time now);

}  // namespace entrepot::upstream
