#include "store/fill_state.hpp"

#include <gtest/gtest.h>

namespace entrepot::store {

namespace {

const oci::Digest kDigest = oci::Digest::of(HashAlgorithm::Sha256, "blob");

Extents one(std::uint64_t begin, std::uint64_t end) {
  Extents extents;
  extents.add(begin, end);
  return extents;
}

std::string header() { return header_line({"docker.io", kDigest, 100}, "boot-1"); }

TEST(FillState, ReadsWhatWasWritten) {
  Time parked{std::chrono::seconds(1'700'000'123)};
  std::string text = header() + written_lines(one(0, 40)) + synced_lines(one(0, 30)) + parked_line(parked);
  std::optional<FillState> state = parse_fill_state(text);
  ASSERT_TRUE(state);
  EXPECT_EQ(state->identity.upstream, "docker.io");
  EXPECT_EQ(state->identity.digest, kDigest);
  EXPECT_EQ(state->identity.size, 100u);
  EXPECT_EQ(state->boot, "boot-1");
  EXPECT_EQ(state->written, one(0, 40));
  EXPECT_EQ(state->synced, one(0, 30));
  EXPECT_EQ(state->parked, parked);
}

TEST(FillState, TrustsWhatWasWrittenOnlyInTheSameBoot) {
  std::optional<FillState> state = parse_fill_state(header() + written_lines(one(0, 40)) + synced_lines(one(0, 30)));
  ASSERT_TRUE(state);
  EXPECT_EQ(state->trusted("boot-1"), one(0, 40));
  EXPECT_EQ(state->trusted("boot-2"), one(0, 30));
}

TEST(FillState, AnotherBootTakesTheTrustFromWhatWasWrittenBefore) {
  std::string text = header() + written_lines(one(0, 40)) + boot_line("boot-2") + written_lines(one(60, 70));
  std::optional<FillState> state = parse_fill_state(text);
  ASSERT_TRUE(state);
  EXPECT_EQ(state->trusted("boot-2"), one(60, 70));
  EXPECT_EQ(state->trusted("boot-1"), Extents());
}

TEST(FillState, TheSameBootKeepsIt) {
  std::string text = header() + written_lines(one(0, 40)) + boot_line("boot-1") + written_lines(one(60, 70));
  std::optional<FillState> state = parse_fill_state(text);
  ASSERT_TRUE(state);
  EXPECT_EQ(state->trusted("boot-1").total(), 50u);
}

TEST(FillState, AFillThatIsContinuedIsNoLongerParked) {
  std::string text = header() + parked_line(Time(std::chrono::seconds(5)));
  EXPECT_TRUE(parse_fill_state(text)->parked);
  EXPECT_FALSE(parse_fill_state(text + boot_line("boot-1"))->parked);
}

TEST(FillState, AnUnknownBootIsNeverTheSame) {
  std::string text = header_line({"docker.io", kDigest, 100}, "unknown") + written_lines(one(0, 40));
  EXPECT_TRUE(parse_fill_state(text)->trusted("unknown").empty());
}

TEST(FillState, ASizeThatWasLearntLaterCounts) {
  std::string text = header_line({"docker.io", kDigest, {}}, "boot-1");
  EXPECT_EQ(parse_fill_state(text)->identity.size, std::nullopt);
  EXPECT_EQ(parse_fill_state(text + size_line(77))->identity.size, 77u);
}

TEST(FillState, ATornLineSaysNothingWhereverItWasTorn) {
  std::string whole = header() + written_lines(one(0, 40));
  std::string last = written_lines(one(40, 80));
  for (std::size_t cut = 0; cut + 1 < last.size(); ++cut) {
    std::optional<FillState> state = parse_fill_state(whole + last.substr(0, cut));
    ASSERT_TRUE(state) << cut;
    EXPECT_EQ(state->written, one(0, 40)) << cut;
  }
}

TEST(FillState, GarbageSpoilsNoOtherLine) {
  for (const std::string& garbage : {std::string(4096, '\0'), std::string("written 0 99 00000000"),
                                     std::string("\xff "), std::string("written 0 99")}) {
    std::optional<FillState> state = parse_fill_state(header() + garbage + "\n" + written_lines(one(0, 40)));
    ASSERT_TRUE(state);
    EXPECT_EQ(state->written, one(0, 40));
  }
}

TEST(FillState, WithoutAHeaderThereIsNone) {
  EXPECT_FALSE(parse_fill_state(""));
  EXPECT_FALSE(parse_fill_state("\n\n"));
  EXPECT_FALSE(parse_fill_state(header().substr(0, 50)));
  EXPECT_FALSE(parse_fill_state(written_lines(one(0, 40)) + header()));
}

TEST(FillState, AnUpstreamMayHoldSpaces) {
  EXPECT_EQ(parse_fill_state(header_line({"my own hub", kDigest, 1}, "boot-1"))->identity.upstream, "my own hub");
}

}  // namespace

}  // namespace entrepot::store
