#include "upstream/token_cache.hpp"

#include <algorithm>

namespace entrepot::upstream {

namespace {

constexpr std::size_t kMaxTokens = 10'000;  // one for each repository in use

// A token is used for nine tenths of its life, and never in its last 10 s: a request with it may be on its way a while,
// and clocks differ.
Duration useful_life(std::chrono::seconds lifetime) {
  using std::chrono::seconds;
  return std::min<Duration>(Duration(lifetime) * 9 / 10, lifetime - seconds(10));
}

}  // namespace

std::optional<std::string> TokenCache::find(const TokenKey& key) const {
  Time now = clock_.now();
  std::lock_guard lock(mutex_);
  auto found = held_.find(key);
  if (found == held_.end() || found->second.renew_at <= now) return std::nullopt;
  return found->second.value;
}

void TokenCache::keep(const TokenKey& key, const Token& token, Time asked) {
  Time now = clock_.now();
  std::lock_guard lock(mutex_);
  if (held_.size() >= kMaxTokens) {
    std::erase_if(held_, [now](const auto& entry) { return entry.second.renew_at <= now; });
    if (held_.size() >= kMaxTokens) held_.clear();
  }
  held_.insert_or_assign(key, Held{token.value, asked + useful_life(token.lifetime)});
}

void TokenCache::drop(const TokenKey& key, const std::string& value) {
  std::lock_guard lock(mutex_);
  auto found = held_.find(key);
  if (found != held_.end() && found->second.value == value) held_.erase(found);
}

void TokenCache::drop_all_of(const std::string& account) {
  std::lock_guard lock(mutex_);
  std::erase_if(held_, [&account](const auto& entry) { return entry.first.account == account; });
}

}  // namespace entrepot::upstream
