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

}  // namespace
}  // namespace entrepot
