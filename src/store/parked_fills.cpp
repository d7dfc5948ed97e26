#include "store/parked_fills.hpp"

#include <algorithm>

namespace entrepot::store {

std::optional<Parked> ParkedFills::put(Parked fill) {
  Key key(fill.identity.upstream, fill.identity.digest);
  std::lock_guard lock(mutex_);
  auto [entry, added] = fills_.try_emplace(std::move(key), std::move(fill));
  if (added) return std::nullopt;
  return std::exchange(entry->second, std::move(fill));  // try_emplace leaves its arguments alone if the key is there
}

std::optional<Parked> ParkedFills::take(const std::string& upstream, const oci::Digest& digest) {
  std::lock_guard lock(mutex_);
  auto node = fills_.extract(Key(upstream, digest));
  if (node.empty()) return std::nullopt;
  return std::move(node.mapped());
}

std::optional<Parked> ParkedFills::take_oldest() {
  std::lock_guard lock(mutex_);
  auto oldest = std::min_element(fills_.begin(), fills_.end(),
                                 [](const auto& a, const auto& b) { return a.second.since < b.second.since; });
  if (oldest == fills_.end()) return std::nullopt;
  return std::move(fills_.extract(oldest).mapped());
}

std::vector<Parked> ParkedFills::take_before(Time since) {
  std::vector<Parked> old;
  std::lock_guard lock(mutex_);
  for (auto fill = fills_.begin(); fill != fills_.end();) {
    auto next = std::next(fill);
    if (fill->second.since < since) old.push_back(std::move(fills_.extract(fill).mapped()));
    fill = next;
  }
  return old;
}

std::uint64_t ParkedFills::bytes() const {
  std::uint64_t sum = 0;
  std::lock_guard lock(mutex_);
  for (const auto& [key, fill] : fills_) sum += fill.reservation.bytes();
  return sum;
}

std::size_t ParkedFills::count() const {
  std::lock_guard lock(mutex_);
  return fills_.size();
}

std::optional<ParkedFills::Summary> ParkedFills::find(const std::string& upstream, const oci::Digest& digest) const {
  std::lock_guard lock(mutex_);
  auto fill = fills_.find(Key(upstream, digest));
  if (fill == fills_.end()) return std::nullopt;
  return Summary{*fill->second.identity.size, fill->second.present};
}

}  // namespace entrepot::store
