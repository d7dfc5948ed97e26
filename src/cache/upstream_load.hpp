// What all fills from one upstream have in common: how many requests for blobs it is sent at once, and whether it heeds
// Range. Thread-safe.
#pragma once

#include <algorithm>
#include <chrono>
#include <mutex>

#include "entrepot/io/async.hpp"

namespace entrepot::cache {

class UpstreamLoad {
 public:
  // `connections`: at once, of all fills. A fill's first is always granted, since nobody's pull is to wait for
  // another's.
  explicit UpstreamLoad(unsigned connections) : limit_(connections) {}

  void begin_fill() {
    std::lock_guard lock(mutex_);
    ++fills_;
  }
  void end_fill() {
    std::lock_guard lock(mutex_);
    --fills_;
  }

  // For a fill that has none: granted past the limit too.
  void take_first() {
    std::lock_guard lock(mutex_);
    ++connections_;
  }
  // One more; false if the upstream has as many as it may.
  bool take() {
    std::lock_guard lock(mutex_);
    if (connections_ >= limit_) return false;
    ++connections_;
    return true;
  }
  void give_back() {
    std::lock_guard lock(mutex_);
    --connections_;
  }

  // How many connections a fill may have, so that each of those in progress has as many.
  unsigned share() const {
    std::lock_guard lock(mutex_);
    return std::max(limit_ / std::max(fills_, 1u), 1u);
  }

  // An answer has ignored a Range, or a request with one was refused and the same without was not. Behind one name
  // there may be several storages, and they change: it is believed for ten minutes.
  void note_no_ranges() {
    std::lock_guard lock(mutex_);
    no_ranges_until_ = io::SteadyClock::now() + kBelieved;
  }
  bool heeds_range() const {
    std::lock_guard lock(mutex_);
    return io::SteadyClock::now() >= no_ranges_until_;
  }

 private:
  static constexpr std::chrono::minutes kBelieved{10};

  const unsigned limit_;
  mutable std::mutex mutex_;
  unsigned fills_ = 0;  // guarded by mutex_, as all below
  unsigned connections_ = 0;
  io::Deadline no_ranges_until_{};
};

}  // namespace entrepot::cache
