#include "entrepot/store/extents.hpp"

#include <algorithm>
#include <iterator>

namespace entrepot::store {

void Extents::add(std::uint64_t begin, std::uint64_t end) {
  if (begin >= end) return;
  auto next = ranges_.upper_bound(begin);
  if (next != ranges_.begin() && std::prev(next)->second >= begin) --next;
  while (next != ranges_.end() && next->first <= end) {
    begin = std::min(begin, next->first);
    end = std::max(end, next->second);
    total_ -= next->second - next->first;
    next = ranges_.erase(next);
  }
  ranges_.emplace_hint(next, begin, end);
  total_ += end - begin;
}

void Extents::add(const Extents& other) {
  for (auto [begin, end] : other.ranges_) add(begin, end);
}

std::uint64_t Extents::present_from(std::uint64_t offset) const {
  auto next = ranges_.upper_bound(offset);
  if (next == ranges_.begin()) return 0;
  std::uint64_t end = std::prev(next)->second;
  return end > offset ? end - offset : 0;
}

std::optional<Extent> Extents::first_missing(std::uint64_t size, std::uint64_t from) const {
  std::uint64_t begin = from + present_from(from);
  if (begin >= size) return std::nullopt;
  auto next = ranges_.lower_bound(begin);
  return Extent{begin, next == ranges_.end() ? size : std::min(size, next->first)};
}

bool Extents::contains(std::uint64_t begin, std::uint64_t end) const {
  return begin >= end || present_from(begin) >= end - begin;
}

std::vector<Extent> Extents::ranges() const {
  std::vector<Extent> list;
  list.reserve(ranges_.size());
  for (auto [begin, end] : ranges_) list.push_back({begin, end});
  return list;
}

}  // namespace entrepot::store
