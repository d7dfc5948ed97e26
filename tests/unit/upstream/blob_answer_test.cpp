#include "upstream/blob_answer.hpp"

#include <gtest/gtest.h>

namespace entrepot::upstream {
namespace {

using Size = std::optional<std::uint64_t>;

TEST(BlobAnswer, RangeNamesWhatIsAsked) {
  EXPECT_EQ(range_header({}), "");
  EXPECT_EQ(range_header({.first = 5}), "bytes=5-");
  EXPECT_EQ(range_header({.first = 0, .last = 0}), "bytes=0-0");
}

TEST(BlobAnswer, TellsWhatComes) {
  struct Case {
    BlobHeader header;
    BlobRange asked;
    std::uint64_t first;
    Size last;
    Size total;
  };
  const Case cases[] = {
      {{200, 10, ""}, {}, 0, 9, 10},
      {{200, {}, ""}, {}, 0, {}, {}},
      {{200, 0, ""}, {}, 0, {}, 0},
      {{200, 10, ""}, {.first = 5}, 0, 9, 10},
      {{206, 5, "bytes 5-9/10"}, {.first = 5}, 5, 9, 10},
      {{206, {}, "bytes 5-9/10"}, {.first = 5}, 5, 9, 10},
      {{206, 5, "bytes 5-9/*"}, {.first = 5}, 5, 9, {}},
      {{206, 3, "bytes 5-7/10"}, {.first = 5, .last = 20}, 5, 7, 10},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::to_string(c.header.status) + " " + std::string(c.header.content_range));
    auto extent = extent_of(c.header, c.asked);
    ASSERT_TRUE(extent);
    EXPECT_EQ(extent->first, c.first);
    EXPECT_EQ(extent->last, c.last);
    EXPECT_EQ(extent->total, c.total);
  }
}

TEST(BlobAnswer, WhatDoesNotFitIsAnError) {
  struct Case {
    BlobHeader header;
    BlobRange asked;
  };
  const Case cases[] = {
      {{206, 10, "bytes 0-9/10"}, {}},                      // no range was asked for
      {{206, 6, "bytes 4-9/10"}, {.first = 5}},             // begins elsewhere
      {{206, 5, "bytes 5-9/10"}, {.first = 5, .last = 7}},  // goes beyond
      {{206, 4, "bytes 5-9/10"}, {.first = 5}},             // length and range disagree
      {{206, 5, "bytes 5-9/8"}, {.first = 5}},              // past its own end
      {{206, 5, ""}, {.first = 5}},
      {{206, 5, "bytes */10"}, {.first = 5}},
      {{206, 5, "items 5-9/10"}, {.first = 5}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.header.content_range);
    auto extent = extent_of(c.header, c.asked);
    ASSERT_FALSE(extent);
    EXPECT_EQ(extent.error().code, Errc::BadGateway);
  }
}

}  // namespace
}  // namespace entrepot::upstream
