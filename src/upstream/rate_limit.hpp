// How long one URL of an upstream is left alone after it has answered 429.
#pragma once

#include <array>
#include <chrono>
#include <mutex>
#include <optional>

#include "entrepot/base/result.hpp"
#include "entrepot/io/async.hpp"

namespace entrepot::upstream {

// Thread-safe. `now` is a parameter, so that tests have a time of their own.
class RateLimit {
 public:
  // What is limited apart: Docker Hub limits pulls of manifests, and never blobs. Lists count as manifests.
  enum class Of { Manifests, Blobs };

  // What an upstream asks for is heeded up to this: a limit may be lifted, or an account be given, before it has
  // passed.
  static constexpr std::chrono::seconds kLongest = std::chrono::hours(1);

  // The error of the last 429, with what is left to wait as its retry_after; nothing if they may be sent again.
  std::optional<Error> refusal(Of of, io::Deadline now) const;

  // One of them was answered with 429. Where `error` has no retry_after it is a back-off of our own: a second, and
  // twice as long each time until one is answered with something else, up to five minutes.
  void refused(Of of, Error error, io::Deadline now);
  void answered(Of of);

 private:
  struct State {
    io::Deadline until{};
    std::chrono::seconds last_back_off{0};
    std::optional<Error> error{};
  };

  mutable std::mutex mutex_;
  std::array<State, 2> states_{};  // guarded by mutex_
};

}  // namespace entrepot::upstream
