#include "cache/missing.hpp"

#include <algorithm>

namespace entrepot::cache {

std::optional<Error> Missing::find(const Request& request, io::Deadline now) const {
  if (now >= last_until_.load()) return std::nullopt;
  std::lock_guard lock(mutex_);
  for (bool head : {false, true}) {
    if (head && !request.head) continue;
    auto found = entries_.find(key_of(request, head));
    if (found != entries_.end() && now < found->second.until) return found->second.error;
  }
  return std::nullopt;
}

void Missing::add(const Request& request, Error error, io::Deadline now, io::SteadyClock::duration ttl) {
  if (ttl <= io::SteadyClock::duration::zero()) return;
  std::lock_guard lock(mutex_);
  if (entries_.size() >= kMost) std::erase_if(entries_, [&](const auto& entry) { return now >= entry.second.until; });
  if (entries_.size() >= kMost) return;
  entries_.insert_or_assign(key_of(request, request.head), Entry{std::move(error), now + ttl});
  last_until_ = std::max(last_until_.load(), now + ttl);
}

}  // namespace entrepot::cache
