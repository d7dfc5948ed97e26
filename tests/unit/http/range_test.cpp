#include "entrepot/http/range.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <vector>

namespace entrepot::http {

void PrintTo(const ByteRange& range, std::ostream* out) {
  *out << range.first << "-" << range.last << (range.ends_early ? " early" : "");
}

namespace {

std::string text_of(const ByteRange& part) {
  return std::to_string(part.first) + "-" + std::to_string(part.last) + (part.ends_early ? "!" : "");
}

// "whole", "416", or "first-last" with "!" behind it if it ends early; several of these with commas between them.
std::string decision(std::string_view range, std::uint64_t size) {
  RangeDecision decided = decide_range(range, size);
  if (std::holds_alternative<WholeBody>(decided)) return "whole";
  if (std::holds_alternative<Unsatisfiable>(decided)) return "416";
  if (const auto* one = std::get_if<ByteRange>(&decided)) return text_of(*one);
  std::string all;
  for (const ByteRange& part : std::get<ByteRanges>(decided)) all += (all.empty() ? "" : ",") + text_of(part);
  return all;
}

struct Case {
  std::string_view range;
  std::uint64_t size;
  std::string_view expected;
};

void expect_all(const std::vector<Case>& cases) {
  for (const Case& c : cases) EXPECT_EQ(decision(c.range, c.size), c.expected) << c.range << " of " << c.size;
}

TEST(RangeDecision, OneRange) {
  expect_all({{"", 10, "whole"},
              {"bytes=0-", 10, "0-9"},
              {"bytes=3-", 10, "3-9"},
              {"bytes=0-0", 10, "0-0!"},
              {"bytes=2-8", 10, "2-8!"},
              {"bytes=9-", 10, "9-9"},
              {"BYTES=1-2", 10, "1-2!"}});
}

TEST(RangeDecision, AnEndAtOrPastTheLastByteIsTheBodysOwnEnd) {
  expect_all({{"bytes=2-9", 10, "2-9"},
              {"bytes=2-10", 10, "2-9"},
              {"bytes=2-99999", 10, "2-9"},
              {"bytes=2-18446744073709551615", 10, "2-9"},
              {"bytes=2-99999999999999999999999999", 10, "2-9"}});
}

TEST(RangeDecision, SuffixLongerThanTheBodyIsAllOfIt) {
  expect_all({{"bytes=-3", 10, "7-9!"},
              {"bytes=-10", 10, "0-9"},
              {"bytes=-11", 10, "0-9"},
              {"bytes=-99999999999999999999999999", 10, "0-9"}});
}

TEST(RangeDecision, WhatStartsPastTheEndIsUnsatisfiable) {
  expect_all({{"bytes=10-", 10, "416"},
              {"bytes=10-12", 10, "416"},
              {"bytes=18446744073709551615-", 10, "416"},
              {"bytes=99999999999999999999999999-", 10, "416"},
              {"bytes=99999999999999999999999998-99999999999999999999999999", 10, "416"},
              {"bytes=-0", 10, "416"},
              {"bytes=20-30,40-", 10, "416"}});
}

TEST(RangeDecision, WhatEndsBeforeItBeginsIsUnsatisfiable) {
  expect_all({{"bytes=5-2", 10, "416"}, {"bytes=500-0", 10, "416"}, {"bytes=1-2,5-4", 10, "416"}});
}

TEST(RangeDecision, MalformedIsIgnored) {
  for (std::string_view range :
       {"bytes", "bytes=", "bytes=,", "bytes=-", "bytes=5", "bytes=a-b", "bytes=1-2-3", "bytes=--5", "bytes=+1-2",
        "bytes=1 -2", "bytes =1-2", "bytes=0x1-2", "bytes=1-2,x", "items=1-2", "=1-2", "1-2"}) {
    EXPECT_EQ(decision(range, 10), "whole") << range;
  }
}

TEST(RangeDecision, AnEmptyBodyIsAlwaysWhole) {
  for (std::string_view range : {"", "bytes=0-", "bytes=0-0", "bytes=-1", "bytes=-0", "bytes=5-"}) {
    EXPECT_EQ(decision(range, 0), "whole") << range;
  }
}

TEST(RangeDecision, RangesThatOverlapAreOne) {
  expect_all({{"bytes=0-2,2-4", 10, "0-4!"},
              {"bytes=4-6 ,\t0-5", 10, "0-6!"},
              {"bytes=0-8,-2", 10, "0-9!"},
              {"bytes=0-8,7-", 10, "0-9"},
              {"bytes=0-,3-4", 10, "0-9"},
              {"bytes=-4,6-", 10, "6-9"},
              {"bytes=3-5,3-5,3-5", 10, "3-5!"},
              {"bytes=1-2,,2-3,", 10, "1-3!"}});
}

TEST(RangeDecision, OneThatIsSatisfiableIsOne) {
  expect_all({{"bytes=1-2,50-60", 10, "1-2!"}, {"bytes=-0,5-,10-", 10, "5-9"}});
}

TEST(RangeDecision, RangesApartAreParts) {
  expect_all({{"bytes=0-1,3-4", 10, "0-1!,3-4!"},
              {"bytes=0-0,-1", 10, "0-0!,9-9!"},
              {"bytes=0-1,5-", 10, "0-1!,5-9"},
              {"bytes=0-1,3-4,20-", 10, "0-1!,3-4!"}});
}

TEST(RangeDecision, RangesThatOnlyTouchAreParts) {
  expect_all({{"bytes=0-1,2-4", 10, "0-1!,2-4!"}, {"bytes=0-8,9-", 10, "0-8!,9-9"}, {"bytes=0-8,-1", 10, "0-8!,9-9!"}});
}

TEST(RangeDecision, PartsStandInTheOrderAskedFor) {
  expect_all({{"bytes=8-,4-5,0-1", 10, "8-9,4-5!,0-1!"},
              {"bytes=6-7,0-1,3-4", 10, "6-7!,0-1!,3-4!"},
              {"bytes=6-7,0-1,3-6", 10, "3-7!,0-1!"},
              {"bytes=0-1,6-7,1-3,9-9,7-8", 10, "0-3!,6-8!,9-9"}});
}

TEST(RangeDecision, NoByteIsInTwoParts) {
  expect_all(
      {{"bytes=0-,0-,0-,0-", 10, "0-9"}, {"bytes=0-3,6-9,1-7", 10, "0-9"}, {"bytes=8-,0-1,8-,0-1", 10, "8-9,0-1!"}});
}

std::string ranges_apart(int count) {
  std::string ranges = "bytes=0-0";
  for (int i = 1; i < count; ++i) ranges += "," + std::to_string(2 * i) + "-" + std::to_string(2 * i);
  return ranges;
}

TEST(RangeDecision, AThousandAndTwentyFourRangesAreParts) {
  RangeDecision decided = decide_range(ranges_apart(1024), 10'000);
  ASSERT_TRUE(std::holds_alternative<ByteRanges>(decided));
  EXPECT_EQ(std::get<ByteRanges>(decided).size(), 1024u);
}

TEST(RangeDecision, MoreRangesAreTheWholeBody) {
  EXPECT_EQ(decision(ranges_apart(1025), 10'000), "whole");
  std::string many = "bytes=0-0";
  for (int i = 0; i < 2000; ++i) many += ",0-0";
  EXPECT_EQ(decision(many, 10), "whole");
}

TEST(RangeDecision, TheLargestSizes) {
  constexpr std::uint64_t kLargest = ~std::uint64_t{0};
  expect_all({{"bytes=0-", kLargest, "0-18446744073709551614"},
              {"bytes=-1", kLargest, "18446744073709551614-18446744073709551614!"},
              {"bytes=0-5,18446744073709551613-", kLargest, "0-5!,18446744073709551613-18446744073709551614"}});
}

TEST(ContentRange, IsWritten) {
  EXPECT_EQ(content_range(ByteRange{0, 499, true}, 1234), "bytes 0-499/1234");
  EXPECT_EQ(unsatisfied_content_range(1234), "bytes */1234");
}

TEST(ContentRange, IsRead) {
  auto full = parse_content_range("bytes 0-499/1234");
  ASSERT_TRUE(full);
  EXPECT_EQ(full->range, (ByteRange{0, 499, true}));
  EXPECT_EQ(full->total, 1234u);

  auto to_the_end = parse_content_range("Bytes 5-9/10");
  ASSERT_TRUE(to_the_end);
  EXPECT_EQ(to_the_end->range, (ByteRange{5, 9, false}));

  auto unknown_total = parse_content_range("bytes 5-9/*");
  ASSERT_TRUE(unknown_total);
  EXPECT_EQ(unknown_total->range, (ByteRange{5, 9, false}));
  EXPECT_FALSE(unknown_total->total);

  auto unsatisfied = parse_content_range("bytes */10");
  ASSERT_TRUE(unsatisfied);
  EXPECT_FALSE(unsatisfied->range);
  EXPECT_EQ(unsatisfied->total, 10u);
}

TEST(ContentRange, MalformedIsNothing) {
  for (std::string_view value :
       {"", "bytes", "bytes ", "bytes /", "bytes -/10", "bytes 5/10", "bytes 5-/10", "bytes -5/10", "bytes 9-5/10",
        "bytes 0-10/10", "bytes */*", "bytes 0-1", "items 0-1/2", "bytes 0-1/", "bytes 0-1/-1", "0-1/2",
        "bytes 0-99999999999999999999999/*", "bytes 0-1/99999999999999999999999"}) {
    EXPECT_FALSE(parse_content_range(value)) << value;
  }
}

TEST(EntityTag, Matches) {
  constexpr std::string_view kTag = R"("sha256:ab")";
  for (std::string_view list : {R"("sha256:ab")", "sha256:ab", R"(W/"sha256:ab")", "*", " * ", R"("x", "sha256:ab")",
                                R"("a,b","sha256:ab")", "x, sha256:ab ,y", R"(, "sha256:ab")"}) {
    EXPECT_TRUE(matches_etag(list, kTag)) << list;
  }
  for (std::string_view list : {"", " ", ",", R"("sha256:abc")", "sha256:a", R"("x*")", R"("x,sha256:ab")", R"("")",
                                R"("sha256:ab)"
                                "c",
                                R"(")"}) {
    EXPECT_FALSE(matches_etag(list, kTag)) << list;
  }
  EXPECT_TRUE(matches_etag(kTag, R"(W/"sha256:ab")"));
}

}  // namespace

}  // namespace entrepot::http
