// A clock that moves when a test says so.
#pragma once

#include <atomic>

#include "entrepot/base/clock.hpp"

namespace entrepot::test {

class ManualClock final : public Clock {
 public:
  Time now() const override { return Time(std::chrono::milliseconds(now_.load())); }
  void advance(Duration by) { now_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_{1'700'000'000'000};
};

}  // namespace entrepot::test
