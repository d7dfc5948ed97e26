#include "upstream/retry_after.hpp"

#include <time.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

namespace entrepot::upstream {

namespace {

using std::chrono::seconds;

constexpr seconds kLongest = std::chrono::hours(24);

std::optional<Time> parse_http_date(const std::string& text) {
  // IMF-fixdate, then the two obsolete forms that a recipient must still read.
  for (const char* format : {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"}) {
    std::tm parts{};
    const char* end = ::strptime(text.c_str(), format, &parts);
    if (end != nullptr && *end == '\0') return std::chrono::system_clock::from_time_t(::timegm(&parts));
  }
  return std::nullopt;
}

}  // namespace

std::chrono::seconds parse_retry_after(std::string_view value, Time now) {
  if (!value.empty() && value.find_first_not_of("0123456789") == std::string_view::npos) {
    seconds::rep count = 0;
    auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), count);
    if (failure == std::errc::result_out_of_range) return kLongest;
    return std::min(seconds(count), kLongest);
  }
  std::optional<Time> date = parse_http_date(std::string(value));
  if (!date) return seconds(0);
  return std::clamp(std::chrono::ceil<seconds>(*date - now), seconds(0), kLongest);
}

}  // namespace entrepot::upstream
