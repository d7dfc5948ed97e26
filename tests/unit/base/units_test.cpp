#include "entrepot/base/units.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace entrepot {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();

TEST(ParseBytes, KnowsEveryUnit) {
  const struct {
    const char* text;
    std::uint64_t bytes;
  } cases[] = {
      {"0", 0},
      {"0B", 0},
      {"7B", 7},
      {"1kB", 1'000},
      {"2MB", 2'000'000},
      {"3GB", 3'000'000'000},
      {"1KiB", 1024},
      {"64MiB", 64ull << 20},
      {"200GiB", 200ull << 30},
      {"2TiB", 2ull << 40},
      {"9223372036854775807B", kMax},
  };
  for (const auto& c : cases) EXPECT_EQ(parse_bytes(c.text), c.bytes) << c.text;
}

TEST(ParseBytes, RefusesWhatIsNoWholeNumberWithAUnit) {
  for (const char* text : {"", " ", "B", "GiB", "1", "200", "1.5GiB", "-1B", "+1B", "1 GiB", " 1GiB", "1GiB ", "1gib",
                           "1KB", "1TB", "1GiBs", "0x10B", "one"}) {
    EXPECT_EQ(parse_bytes(text), std::nullopt) << '"' << text << '"';
  }
}

TEST(ParseBytes, RefusesMoreThanASignedNumberHolds) {
  EXPECT_EQ(parse_bytes("8388607TiB"), 8388607ull << 40);
  for (const char* text : {"8388608TiB", "9223372036854775808B", "99999999999999999999B", "18446744073709551615GiB"}) {
    EXPECT_EQ(parse_bytes(text), std::nullopt) << text;
  }
}

TEST(ParseDuration, KnowsEveryUnit) {
  const struct {
    const char* text;
    Duration duration;
  } cases[] = {{"0", 0s},      {"0s", 0s},     {"250ms", 250ms}, {"90s", 90s},
               {"15m", 15min}, {"720h", 720h}, {"7d", 168h},     {"9223372036854775807ms", Duration::max()}};
  for (const auto& c : cases) EXPECT_EQ(parse_duration(c.text), c.duration) << c.text;
}

TEST(ParseDuration, RefusesWhatIsNoWholeNumberWithAUnit) {
  for (const char* text :
       {"", "s", "5", "1.5s", "-1s", "5 s", "5S", "5sec", "1h30m", "9223372036854775808ms", "106751991168d"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << '"' << text << '"';
  }
}

TEST(FormatBytes, IsTheShortestExactForm) {
  const struct {
    std::uint64_t bytes;
    const char* text;
  } cases[] = {{0, "0"},
               {1, "1B"},
               {1000, "1kB"},
               {1023, "1023B"},
               {1024, "1KiB"},
               {1025, "1025B"},
               {512'000, "512kB"},
               {200ull << 30, "200GiB"},
               {1ull << 40, "1TiB"},
               {1'000'000'000'000, "1000GB"},
               {(1ull << 30) + 1, "1073741825B"}};
  for (const auto& c : cases) EXPECT_EQ(format_bytes(c.bytes), c.text);
}

TEST(FormatDuration, IsTheShortestExactForm) {
  const struct {
    Duration duration;
    const char* text;
  } cases[] = {{0s, "0"},    {1ms, "1ms"},   {1500ms, "1500ms"}, {5s, "5s"},   {60s, "1m"},
               {90s, "90s"}, {90min, "90m"}, {25h, "25h"},       {720h, "30d"}};
  for (const auto& c : cases) EXPECT_EQ(format_duration(c.duration), c.text);
}

TEST(Units, WhatIsWrittenIsReadBack) {
  for (std::uint64_t value : {std::uint64_t{1}, std::uint64_t{999}, std::uint64_t{4096}, std::uint64_t{1} << 35,
                              std::uint64_t{123'456'789'000}, kMax}) {
    EXPECT_EQ(parse_bytes(format_bytes(value)), value);
    const Duration duration(static_cast<Duration::rep>(value));
    EXPECT_EQ(parse_duration(format_duration(duration)), duration);
  }
}

}  // namespace
}  // namespace entrepot
