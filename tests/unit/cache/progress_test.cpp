#include "cache/progress.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "support/run_coro.hpp"

namespace entrepot::cache {
namespace {

constexpr std::optional<std::uint64_t> kToTheEnd = std::nullopt;

// What a reader at `offset` may send, which must be known at once.
std::uint64_t sendable(Progress& progress, std::uint64_t offset, std::optional<std::uint64_t> end, bool to_end) {
  auto result = test::run_coro(progress.wait(offset, end, to_end), std::chrono::seconds(2));
  return result ? *result : UINT64_MAX;
}

TEST(Progress, AReaderGetsWhatIsPresentAtItsOwnOffset) {
  Progress progress(100, {});
  progress.publish(50, 60);
  EXPECT_EQ(sendable(progress, 50, 100, true), 10u);
  EXPECT_EQ(sendable(progress, 55, 100, true), 5u);
  EXPECT_EQ(sendable(progress, 50, 53, false), 3u);
}

TEST(Progress, WhatComesAfterTheEndCountsAsMissing) {
  Progress progress(100, {});
  progress.fail(Progress::State::DiskFailed, Error{Errc::Io, "full"});
  EXPECT_FALSE(progress.publish(0, 50));
  EXPECT_EQ(progress.present_from(0), 0u);
}

TEST(Progress, AReaderMayWaitForSoLong) {
  Progress progress(100, {});
  auto waited = test::run_coro(progress.wait(0, 100, true, io::SteadyClock::now() + std::chrono::milliseconds(5)));
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().code, Errc::Timeout);
}

TEST(Progress, ARangeWithAnEndOfItsOwnIsSentAtOnce) {
  Progress progress(100, {});
  progress.publish(0, 100);
  EXPECT_EQ(sendable(progress, 0, 99, false), 99u);
  EXPECT_EQ(sendable(progress, 90, 100, false), 10u);
  EXPECT_EQ(sendable(progress, 100, 100, false), 0u);
}

TEST(Progress, TheLastByteOfTheWholeWaitsForTheDigest) {
  Progress progress(100, {});
  progress.publish(0, 100);
  EXPECT_EQ(sendable(progress, 0, 100, true), 99u);
  progress.verified();
  EXPECT_EQ(sendable(progress, 99, 100, true), 1u);
  EXPECT_EQ(sendable(progress, 100, 100, true), 0u);
}

TEST(Progress, OfUnknownSizeTheEndWaitsForTheDigest) {
  Progress progress(std::nullopt, {});
  progress.publish(0, 100);
  EXPECT_EQ(sendable(progress, 0, kToTheEnd, true), 100u);
  progress.set_size(100);
  progress.verified();
  EXPECT_EQ(sendable(progress, 100, kToTheEnd, true), 0u);
}

TEST(Progress, AFailureEndsReadersThoughBytesArePresent) {
  Progress progress(100, {});
  progress.publish(0, 50);
  progress.fail(Progress::State::Failed, Error{Errc::BadGateway, "cut"});
  auto result = test::run_coro(progress.wait(0, 100, true));
  EXPECT_EQ(result.error().code, Errc::BadGateway);
}

TEST(Progress, WhenTheDiskFailsWhatIsPresentIsStillSent) {
  Progress progress(100, {});
  progress.publish(0, 50);
  progress.fail(Progress::State::DiskFailed, Error{Errc::NoRoom, "full"});
  EXPECT_EQ(sendable(progress, 0, 100, true), 50u);
  auto result = test::run_coro(progress.wait(50, 100, true));
  EXPECT_EQ(result.error().code, Errc::NoRoom);
}

TEST(Progress, TheFirstEndCounts) {
  Progress progress(0, {});
  progress.verified();
  progress.fail(Progress::State::Failed, Error{Errc::BadGateway, "late"});
  EXPECT_EQ(progress.state(), Progress::State::Verified);
}

TEST(Progress, AWaitingReaderIsWokenFromAnotherThread) {
  Progress progress(100, {});
  std::thread fetcher([&] {
    progress.publish(50, 60);  // not what is waited for
    progress.publish(0, 10);
  });
  EXPECT_EQ(sendable(progress, 0, 100, true), 10u);
  fetcher.join();
}

TEST(Progress, WaitingForTheDigestEndsAtTheDeadline) {
  Progress progress(100, {});
  auto late = test::run_coro(progress.wait_verified(io::SteadyClock::now() + std::chrono::milliseconds(5)));
  EXPECT_EQ(late.error().code, Errc::Timeout);
}

}  // namespace
}  // namespace entrepot::cache
