#include "cache/fetch_plan.hpp"

#include <gtest/gtest.h>

namespace entrepot::cache {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kMiB = 1024 * 1024;
constexpr std::uint64_t kStripe = 16 * kMiB;

// A plan with its blob's extents: jobs as "begin-end" in MiB.
class FetchPlanTest : public testing::Test {
 protected:
  using Job = FetchPlan::Job;

  void begin(std::uint64_t size) {
    plan_.emplace(size, kStripe);
    first_ = plan_->begin_with(0, size, now_);
  }
  void begin_striped(std::uint64_t size) {
    limits_.background = 4;
    limits_.stripes = true;
    plan_.emplace(size, kStripe);
    first_ = plan_->begin_with(0, kStripe, now_);
  }

  std::optional<Job> next() { return plan_->next(present_, limits_, now_); }

  void expect_next(std::uint64_t begin, std::uint64_t end) {
    std::optional<Job> job = next();
    ASSERT_TRUE(job);
    EXPECT_EQ(job->begin, begin);
    EXPECT_EQ(job->end, end);
    last_ = *job;
  }
  void expect_none() { EXPECT_FALSE(next()); }

  bool want(std::uint64_t offset, std::uint64_t end) { return plan_->want(offset, end, present_, now_); }

  // `job`'s fetcher brings everything up to `end`.
  void bring(const Job& job, std::uint64_t begin, std::uint64_t end) {
    plan_->advance(begin, end);
    present_.add(begin, end);
    if (end == plan_->end_of(job.id)) plan_->release(job.id, present_);
  }
  void bring(const Job& job) { bring(job, job.begin, plan_->end_of(job.id)); }

  std::optional<FetchPlan> plan_;
  store::Extents present_;
  FetchPlan::Limits limits_;
  FetchPlan::Time now_{};
  Job first_{};
  Job last_{};
};

TEST_F(FetchPlanTest, InOrderOneFetcherBringsAll) {
  begin(100 * kMiB);
  expect_none();
  EXPECT_EQ(plan_->end_of(first_.id), 100 * kMiB);
  bring(first_);
  expect_none();
}

TEST_F(FetchPlanTest, WhatIsPresentIsNotAskedForAgain) {
  plan_.emplace(100 * kMiB, kStripe);
  present_.add(0, 10 * kMiB);
  present_.add(30 * kMiB, 40 * kMiB);
  expect_next(10 * kMiB, 30 * kMiB);
  expect_none();
  bring(last_);
  expect_next(40 * kMiB, 100 * kMiB);
}

TEST_F(FetchPlanTest, StripesGoOutLowestFirstUpToTheLimit) {
  begin_striped(1000 * kMiB);
  expect_next(kStripe, 2 * kStripe);
  expect_next(2 * kStripe, 3 * kStripe);
  expect_next(3 * kStripe, 4 * kStripe);
  expect_none();
  bring(first_);
  expect_next(4 * kStripe, 5 * kStripe);
  expect_none();
}

TEST_F(FetchPlanTest, StripesDoNotRunFarAheadOfTheDigest) {
  begin_striped(1000 * kMiB);
  for (std::uint64_t stripe = 1; stripe < 8; ++stripe) {
    expect_next(stripe * kStripe, (stripe + 1) * kStripe);
    bring(last_);
  }
  expect_none();  // the first stripe is still on its way
  bring(first_);
  expect_none();  // it is here, and not hashed
  limits_.hashed = kStripe;
  expect_next(8 * kStripe, 9 * kStripe);
  expect_none();
}

TEST_F(FetchPlanTest, TheLastStripeEndsWithTheBlob) {
  begin_striped(kStripe + 5);
  expect_next(kStripe, kStripe + 5);
  expect_none();
}

TEST_F(FetchPlanTest, AStripeThatWasBegunInItsMiddleEndsAtItsBorder) {
  limits_.stripes = true;
  limits_.background = 4;
  plan_.emplace(100 * kMiB, kStripe);
  present_.add(0, 3 * kMiB);
  expect_next(3 * kMiB, kStripe);
}

TEST_F(FetchPlanTest, AReaderFarAheadGetsAFetcherOfItsOwn) {
  begin(1000 * kMiB);
  EXPECT_TRUE(want(500 * kMiB, 600 * kMiB));
  expect_next(500 * kMiB, 500 * kMiB + kStripe);
  EXPECT_EQ(plan_->end_of(first_.id), 500 * kMiB);  // two never bring the same byte
  expect_none();
}

TEST_F(FetchPlanTest, AfterPartsWereAskedForTheRestComesInParts) {
  begin(1000 * kMiB);
  want(500 * kMiB, 600 * kMiB);
  expect_next(500 * kMiB, 500 * kMiB + kStripe);
  bring(first_);
  expect_next(500 * kMiB + kStripe, 528 * kMiB);
}

TEST_F(FetchPlanTest, ASmallWantBringsEnoughToReadOn) {
  begin(1000 * kMiB);
  want(500 * kMiB, 500 * kMiB + 10);
  expect_next(500 * kMiB, 500 * kMiB + FetchPlan::kLeastWanted);
}

TEST_F(FetchPlanTest, AWantAtTheEndStopsThere) {
  begin(1000 * kMiB);
  want(1000 * kMiB - 10, 1000 * kMiB);
  expect_next(1000 * kMiB - 10, 1000 * kMiB);
}

TEST_F(FetchPlanTest, AWantStopsAtWhatIsPresentOrComes) {
  begin(1000 * kMiB);
  present_.add(504 * kMiB, 505 * kMiB);
  want(500 * kMiB, 600 * kMiB);
  expect_next(500 * kMiB, 504 * kMiB);
  want(490 * kMiB, 600 * kMiB);
  expect_next(490 * kMiB, 500 * kMiB);
}

TEST_F(FetchPlanTest, AFetcherThatIsCloseIsWaitedFor) {
  begin(1000 * kMiB);
  EXPECT_FALSE(want(FetchPlan::kNear, 3 * kMiB));
  EXPECT_FALSE(want(0, kMiB));
  expect_none();
}

TEST_F(FetchPlanTest, AFetcherThatIsFastIsWaitedForAndASlowOneIsNot) {
  begin(1000 * kMiB);
  now_ += 1s;
  bring(first_, 0, 100 * kMiB);  // 100 MiB/s: in 200 ms it brings 20
  EXPECT_FALSE(want(119 * kMiB, 200 * kMiB));
  EXPECT_TRUE(want(121 * kMiB, 200 * kMiB));
  expect_next(121 * kMiB, 121 * kMiB + kStripe);
  now_ += 100s;
  EXPECT_TRUE(want(119 * kMiB, 200 * kMiB));
}

TEST_F(FetchPlanTest, WhatHasComeMeanwhileIsNotAskedFor) {
  begin(1000 * kMiB);
  EXPECT_TRUE(want(500 * kMiB, 600 * kMiB));
  present_.add(500 * kMiB, 501 * kMiB);
  expect_none();
  EXPECT_FALSE(want(500 * kMiB, 600 * kMiB));
}

TEST_F(FetchPlanTest, WantsComeBeforeStripesAndDoNotCountAsOnes) {
  begin_striped(1000 * kMiB);
  want(999 * kMiB, 1000 * kMiB);
  expect_next(999 * kMiB, 1000 * kMiB);
  expect_next(kStripe, 2 * kStripe);
  expect_next(2 * kStripe, 3 * kStripe);
  expect_next(3 * kStripe, 4 * kStripe);
  expect_none();
}

TEST_F(FetchPlanTest, ReadersOfTheSamePlaceNeedOneFetcher) {
  begin(1000 * kMiB);
  EXPECT_TRUE(want(500 * kMiB, 501 * kMiB));
  EXPECT_FALSE(want(500 * kMiB, 503 * kMiB));
  expect_next(500 * kMiB, 503 * kMiB);
  expect_none();
}

TEST_F(FetchPlanTest, WhereRangesAreIgnoredOneFetcherBringsAllInOrder) {
  begin_striped(1000 * kMiB);
  limits_.ranges = limits_.stripes = false;
  limits_.background = 1;
  plan_->extend(first_.id, present_);
  EXPECT_EQ(plan_->end_of(first_.id), 1000 * kMiB);
  want(500 * kMiB, 600 * kMiB);
  expect_none();
}

TEST_F(FetchPlanTest, AWantThatCannotBeBroughtGoesBackToWhoseItWas) {
  begin(1000 * kMiB);
  want(500 * kMiB, 600 * kMiB);
  expect_next(500 * kMiB, 500 * kMiB + kStripe);
  plan_->release(last_.id, present_);
  EXPECT_EQ(plan_->end_of(first_.id), 1000 * kMiB);  // with what lies behind it
}

TEST_F(FetchPlanTest, WhatIsGivenBackEndsWhereAnotherHasBegun) {
  begin(1000 * kMiB);
  want(500 * kMiB, 600 * kMiB);
  expect_next(500 * kMiB, 500 * kMiB + kStripe);
  Job refused = last_;
  want(800 * kMiB, 900 * kMiB);
  expect_next(800 * kMiB, 800 * kMiB + kStripe);
  plan_->release(refused.id, present_);
  EXPECT_EQ(plan_->end_of(first_.id), 800 * kMiB);
}

TEST_F(FetchPlanTest, AJobIsNotExtendedIntoWhatAnotherHas) {
  begin(1000 * kMiB);
  want(500 * kMiB, 600 * kMiB);
  expect_next(500 * kMiB, 500 * kMiB + kStripe);
  plan_->advance(0, 500 * kMiB);
  present_.add(0, 500 * kMiB);
  plan_->extend(first_.id, present_);
  EXPECT_EQ(plan_->end_of(first_.id), 500 * kMiB);
  bring(last_);
  plan_->extend(first_.id, present_);
  EXPECT_EQ(plan_->end_of(first_.id), 500 * kMiB);
}

TEST_F(FetchPlanTest, AFetcherThatBringsNothingIsNotWaitedForLong) {
  begin(1000 * kMiB);
  EXPECT_FALSE(want(5 * kMiB, 6 * kMiB));
  now_ += 2s;
  EXPECT_TRUE(want(5 * kMiB, 6 * kMiB));
}

TEST_F(FetchPlanTest, ItSaysWhetherThereIsAJob) {
  begin(1000 * kMiB);
  EXPECT_FALSE(plan_->has_job(present_, limits_));
  want(500 * kMiB, 501 * kMiB);
  EXPECT_TRUE(plan_->has_job(present_, limits_));
  expect_next(500 * kMiB, 501 * kMiB);
  EXPECT_FALSE(plan_->has_job(present_, limits_));
}

TEST_F(FetchPlanTest, OnlySoManyPlacesAreRemembered) {
  begin(1000 * kMiB);
  for (std::uint64_t at = 100; at < 200; ++at) want(at * kMiB, at * kMiB + 1);
  int jobs = 0;
  while (next()) ++jobs;
  EXPECT_EQ(jobs, 64);
}

TEST_F(FetchPlanTest, WhatAFailedFetcherLeavesIsTheNextJob) {
  begin_striped(1000 * kMiB);
  expect_next(kStripe, 2 * kStripe);
  bring(last_, kStripe, kStripe + 100);
  plan_->release(last_.id, present_);
  expect_next(kStripe + 100, 2 * kStripe);
}

TEST_F(FetchPlanTest, OfUnknownSizeThereIsOneJob) {
  plan_.emplace(std::nullopt, kStripe);
  first_ = plan_->begin_with(0, UINT64_MAX, now_);
  EXPECT_FALSE(want(500 * kMiB, 600 * kMiB));
  expect_none();
}

}  // namespace
}  // namespace entrepot::cache
