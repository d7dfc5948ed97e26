#include "upstream/rate_limit.hpp"

#include <algorithm>

namespace entrepot::upstream {

namespace {

using std::chrono::seconds;

constexpr seconds kFirstBackOff{1};
constexpr seconds kLongestBackOff{300};

}  // namespace

std::optional<Error> RateLimit::refusal(Of of, io::Deadline now) const {
  std::lock_guard lock(mutex_);
  const State& state = states_[static_cast<std::size_t>(of)];
  if (!state.error || now >= state.until) return std::nullopt;
  Error error = *state.error;
  error.retry_after = std::chrono::ceil<seconds>(state.until - now);
  return error;
}

void RateLimit::refused(Of of, Error error, io::Deadline now) {
  std::lock_guard lock(mutex_);
  State& state = states_[static_cast<std::size_t>(of)];
  if (error.retry_after > seconds(0)) {
    state.until = std::max(state.until, now + std::min(error.retry_after, kLongest));
  } else if (now >= state.until) {  // else it was sent before the last one was refused
    state.last_back_off = std::clamp(2 * state.last_back_off, kFirstBackOff, kLongestBackOff);
    state.until = now + state.last_back_off;
  }
  state.error = std::move(error);
}

void RateLimit::answered(Of of) {
  std::lock_guard lock(mutex_);
  states_[static_cast<std::size_t>(of)].last_back_off = seconds(0);
}

}  // namespace entrepot::upstream
