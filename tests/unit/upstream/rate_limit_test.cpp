#include "upstream/rate_limit.hpp"

#include <gtest/gtest.h>

namespace entrepot::upstream {
namespace {

using namespace std::chrono_literals;
using Of = RateLimit::Of;

Error limited(std::chrono::seconds retry_after = 0s) { return {Errc::RateLimited, "slow down", "", retry_after}; }

TEST(RateLimit, HoldsForAsLongAsTheUpstreamSays) {
  RateLimit limit;
  const io::Deadline now = io::SteadyClock::now();
  EXPECT_FALSE(limit.refusal(Of::Manifests, now));
  limit.refused(Of::Manifests, limited(30s), now);
  std::optional<Error> refusal = limit.refusal(Of::Manifests, now + 20500ms);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->message, "slow down");
  EXPECT_EQ(refusal->retry_after, 10s);
  EXPECT_FALSE(limit.refusal(Of::Manifests, now + 30s));
}

TEST(RateLimit, ManifestsAndBlobsAreLimitedApart) {
  RateLimit limit;
  const io::Deadline now = io::SteadyClock::now();
  limit.refused(Of::Manifests, limited(30s), now);
  EXPECT_FALSE(limit.refusal(Of::Blobs, now));
}

TEST(RateLimit, TheLongestWaitOfSeveralCounts) {
  RateLimit limit;
  const io::Deadline now = io::SteadyClock::now();
  limit.refused(Of::Blobs, limited(30s), now);
  limit.refused(Of::Blobs, limited(2s), now);
  EXPECT_EQ(limit.refusal(Of::Blobs, now)->retry_after, 30s);
}

TEST(RateLimit, NobodyIsKeptAwayForLongerThanAnHour) {
  RateLimit limit;
  const io::Deadline now = io::SteadyClock::now();
  limit.refused(Of::Blobs, limited(24h), now);
  EXPECT_EQ(limit.refusal(Of::Blobs, now)->retry_after, 1h);
}

TEST(RateLimit, WhereNothingIsSaidTheWaitDoublesUntilOneIsAnswered) {
  RateLimit limit;
  io::Deadline now = io::SteadyClock::now();
  auto wait_after_another = [&] {
    limit.refused(Of::Blobs, limited(), now);
    const std::chrono::seconds wait = limit.refusal(Of::Blobs, now)->retry_after;
    now += wait;
    return wait;
  };
  for (std::chrono::seconds wait : {1s, 2s, 4s, 8s, 16s, 32s, 64s, 128s, 256s, 300s, 300s}) {
    EXPECT_EQ(wait_after_another(), wait);
  }
  limit.answered(Of::Blobs);
  EXPECT_EQ(wait_after_another(), 1s);
}

TEST(RateLimit, RequestsThatWereOnTheirWayDoNotDoubleIt) {
  RateLimit limit;
  const io::Deadline now = io::SteadyClock::now();
  for (int i = 0; i < 10; ++i) limit.refused(Of::Blobs, limited(), now);
  EXPECT_EQ(limit.refusal(Of::Blobs, now)->retry_after, 1s);
}

}  // namespace
}  // namespace entrepot::upstream
