// When something was used last, in seconds since 1970: a time that only grows, and that many threads may raise at once.
#pragma once

#include <atomic>
#include <cstdint>

namespace entrepot::store {

class LastUse {
 public:
  LastUse() = default;
  LastUse(std::uint32_t seconds) : seconds_(seconds) {}
  LastUse(const LastUse& other) : seconds_(other.get()) {}
  LastUse& operator=(const LastUse& other) {
    seconds_.store(other.get(), std::memory_order_relaxed);
    return *this;
  }

  std::uint32_t get() const { return seconds_.load(std::memory_order_relaxed); }

  // Whether it was earlier.
  bool raise(std::uint32_t to) {
    std::uint32_t before = get();
    while (before < to) {
      if (seconds_.compare_exchange_weak(before, to, std::memory_order_relaxed)) return true;
    }
    return false;
  }

 private:
  std::atomic<std::uint32_t> seconds_{0};
};

}  // namespace entrepot::store
