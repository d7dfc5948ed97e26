// A set of byte ranges: which parts of a file are present. A value; not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace entrepot::store {

// Bytes begin..end-1. Never empty in a set.
struct Extent {
  std::uint64_t begin;
  std::uint64_t end;
  std::uint64_t length() const { return end - begin; }
  friend bool operator==(const Extent&, const Extent&) = default;
};

class Extents {
 public:
  // Adds a range; neighbours and overlaps become one. An empty range is ignored.
  void add(std::uint64_t begin, std::uint64_t end);
  void add(const Extents& other);

  // How many bytes are present from `offset` on without a gap; 0 if the byte at `offset` is not.
  std::uint64_t present_from(std::uint64_t offset) const;

  // The first range at or after `from` that is missing below `size`; none if all is there.
  std::optional<Extent> first_missing(std::uint64_t size, std::uint64_t from = 0) const;

  bool contains(std::uint64_t begin, std::uint64_t end) const;
  std::uint64_t total() const { return total_; }  // bytes present
  bool empty() const { return ranges_.empty(); }
  std::vector<Extent> ranges() const;  // in order, with a gap between each two

  friend bool operator==(const Extents& a, const Extents& b) { return a.ranges_ == b.ranges_; }

 private:
  std::map<std::uint64_t, std::uint64_t> ranges_;  // begin -> end
  std::uint64_t total_ = 0;
};

}  // namespace entrepot::store
