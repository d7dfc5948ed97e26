#include "entrepot/store/extents.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace entrepot::store {

namespace {

Extents of(std::initializer_list<Extent> ranges) {
  Extents extents;
  for (Extent range : ranges) extents.add(range.begin, range.end);
  return extents;
}

TEST(Extents, RangesThatTouchOrOverlapBecomeOne) {
  struct Case {
    const char* name;
    std::vector<Extent> added;
    std::vector<Extent> expected;
  };
  const Case cases[] = {
      {"none", {}, {}},
      {"empty range", {{5, 5}}, {}},
      {"backwards", {{6, 5}}, {}},
      {"apart", {{0, 2}, {4, 6}}, {{0, 2}, {4, 6}}},
      {"neighbours", {{0, 2}, {2, 4}}, {{0, 4}}},
      {"neighbours, later first", {{2, 4}, {0, 2}}, {{0, 4}}},
      {"overlap", {{0, 3}, {2, 5}}, {{0, 5}}},
      {"inside", {{0, 9}, {2, 5}}, {{0, 9}}},
      {"around", {{2, 5}, {0, 9}}, {{0, 9}}},
      {"bridges two", {{0, 2}, {4, 6}, {2, 4}}, {{0, 6}}},
      {"swallows three", {{1, 2}, {4, 6}, {8, 9}, {0, 10}}, {{0, 10}}},
      {"again", {{3, 4}, {3, 4}}, {{3, 4}}},
  };
  for (const Case& one : cases) {
    Extents extents;
    for (Extent range : one.added) extents.add(range.begin, range.end);
    EXPECT_EQ(extents.ranges(), one.expected) << one.name;
    std::uint64_t total = 0;
    for (Extent range : one.expected) total += range.length();
    EXPECT_EQ(extents.total(), total) << one.name;
    EXPECT_EQ(extents.empty(), one.expected.empty()) << one.name;
  }
}

TEST(Extents, PresentFromEndsAtTheFirstGap) {
  Extents extents = of({{2, 4}, {6, 9}});
  const std::uint64_t expected[] = {0, 0, 2, 1, 0, 0, 3, 2, 1, 0, 0};
  for (std::uint64_t offset = 0; offset < std::size(expected); ++offset) {
    EXPECT_EQ(extents.present_from(offset), expected[offset]) << offset;
  }
}

TEST(Extents, FirstMissingIsCutAtTheSize) {
  Extents extents = of({{2, 4}, {6, 9}});
  EXPECT_EQ(extents.first_missing(12), (Extent{0, 2}));
  EXPECT_EQ(extents.first_missing(12, 2), (Extent{4, 6}));
  EXPECT_EQ(extents.first_missing(5, 2), (Extent{4, 5}));
  EXPECT_EQ(extents.first_missing(12, 6), (Extent{9, 12}));
  EXPECT_EQ(extents.first_missing(9, 6), std::nullopt);
  EXPECT_EQ(extents.first_missing(12, 12), std::nullopt);
  EXPECT_EQ(Extents().first_missing(0), std::nullopt);
}

TEST(Extents, AgreeWithAByteMapUnderRandomOperations) {
  constexpr std::uint64_t kSize = 64;
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    Extents extents;
    std::vector<bool> bytes(kSize);
    for (int step = 0; step < 12; ++step) {
      std::uint64_t begin = random() % kSize;
      std::uint64_t end = begin + random() % std::min<std::uint64_t>(12, kSize - begin + 1);
      extents.add(begin, end);
      for (std::uint64_t i = begin; i < end; ++i) bytes[i] = true;

      ASSERT_EQ(extents.total(), static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), true)));
      for (std::uint64_t offset = 0; offset < kSize; ++offset) {
        std::uint64_t present = 0;
        while (offset + present < kSize && bytes[offset + present]) ++present;
        ASSERT_EQ(extents.present_from(offset), present);
        ASSERT_EQ(extents.contains(offset, offset + 1), bytes[offset]);
        std::optional<Extent> missing = extents.first_missing(kSize, offset);
        std::uint64_t first = offset + present;
        ASSERT_EQ(missing.has_value(), first < kSize);
        if (missing) {
          ASSERT_EQ(missing->begin, first);
          for (std::uint64_t i = missing->begin; i < missing->end; ++i) ASSERT_FALSE(bytes[i]);
          ASSERT_TRUE(missing->end == kSize || bytes[missing->end]);
        }
      }
    }
  }
}

}  // namespace

}  // namespace entrepot::store
