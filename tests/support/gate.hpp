// A gate that is shut until a test opens it. Whoever passes waits; the test sees who waits: races become an order.
// Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

namespace entrepot::test {

// How long anything in a test may wait for something that is due: long enough for a loaded machine under a sanitizer.
inline constexpr std::chrono::seconds kPatience{20};

class Gate {
 public:
  // Waits for the gate to open. It opens by itself when the patience is over: a test that forgot it must still end.
  void pass() {
    std::unique_lock lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    changed_.wait_for(lock, kPatience, [this] { return open_; });
  }

  void open() {
    std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

  // Waits until `count` have come to the gate. False: they did not come in time.
  bool await(int count = 1) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return arrived_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int arrived_ = 0;
  bool open_ = false;
};

using GatePtr = std::shared_ptr<Gate>;  // held by the test and by the script that uses it
inline GatePtr make_gate() { return std::make_shared<Gate>(); }

}  // namespace entrepot::test
