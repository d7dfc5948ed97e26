#include "upstream/retry_after.hpp"

#include <gtest/gtest.h>

namespace entrepot::upstream {
namespace {

TEST(RetryAfter, IsSecondsOrADate) {
  const Time now = std::chrono::system_clock::from_time_t(784111777);  // Sun, 06 Nov 1994 08:49:37 GMT
  struct Case {
    const char* value;
    int seconds;
  };
  const Case cases[] = {
      {"120", 120},
      {"0", 0},
      {"86401", 86400},
      {"99999999999999999999999", 86400},
      {"Sun, 06 Nov 1994 08:50:37 GMT", 60},
      {"Sunday, 06-Nov-94 08:50:37 GMT", 60},
      {"Sun Nov  6 08:50:37 1994", 60},
      {"Sun, 06 Nov 1994 08:49:00 GMT", 0},
      {"Mon, 06 Nov 2023 08:49:37 GMT", 86400},
      {"", 0},
      {"-5", 0},
      {"1.5", 0},
      {"soon", 0},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.value);
    EXPECT_EQ(parse_retry_after(c.value, now), std::chrono::seconds(c.seconds));
  }
}

}  // namespace
}  // namespace entrepot::upstream
