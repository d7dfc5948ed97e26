// Wall-clock time, replaceable in tests. Used for what is recorded and compared across restarts (when a tag was
// checked, when a token expires); waiting is done with the io threads' steady timers.
#pragma once

#include <chrono>

namespace entrepot {

using Time = std::chrono::system_clock::time_point;
using Duration = std::chrono::milliseconds;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;  // thread-safe
};

class SystemClock final : public Clock {
 public:
  Time now() const override { return std::chrono::system_clock::now(); }
};

}  // namespace entrepot
