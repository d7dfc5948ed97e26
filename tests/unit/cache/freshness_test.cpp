#include "cache/freshness.hpp"

#include <gtest/gtest.h>

namespace entrepot::cache {
namespace {

using namespace std::chrono_literals;
using config::Freshness;

const Time kChecked{std::chrono::hours(1000)};

store::TagRecord record() {
  store::TagTarget target{oci::Digest::of(HashAlgorithm::Sha256, "a"), "type", 1};
  return store::TagRecord{target, target, kChecked};
}

TEST(Freshness, AlwaysAsks) { EXPECT_FALSE(is_fresh(Freshness{}, record(), kChecked)); }

TEST(Freshness, AsksOnlyAfterTheInterval) {
  Freshness policy{.check = Freshness::Check::After, .interval = 60s};
  EXPECT_TRUE(is_fresh(policy, record(), kChecked + 59s));
  EXPECT_FALSE(is_fresh(policy, record(), kChecked + 60s));
}

TEST(Freshness, AsksWhereTheClockHasBeenSetBack) {
  Freshness policy{.check = Freshness::Check::After, .interval = 60s};
  EXPECT_FALSE(is_fresh(policy, record(), kChecked - 1ms));
}

TEST(Freshness, AnOutageIsBridgedForAsLongAsConfigured) {
  Freshness policy{.stale_if_error = 1h};
  for (Errc error : {Errc::Timeout, Errc::BadGateway, Errc::Unavailable, Errc::RateLimited}) {
    EXPECT_EQ(decide(policy, record(), error, kChecked + 1h), OnFailure::ServeStale);
    EXPECT_EQ(decide(policy, record(), error, kChecked + 1h + 1ms), OnFailure::Refuse);
  }
}

TEST(Freshness, AMissingTagIsForgottenUnlessItIsToBeKept) {
  EXPECT_EQ(decide(Freshness{}, record(), Errc::NotFound, kChecked), OnFailure::Forget);
  Freshness keep{.on_missing = Freshness::OnMissing::Keep};
  EXPECT_EQ(decide(keep, record(), Errc::NotFound, kChecked), OnFailure::ServeStale);
}

TEST(Freshness, ADeniedTagIsRefusedUnlessItIsToBeKept) {
  EXPECT_EQ(decide(Freshness{}, record(), Errc::Denied, kChecked), OnFailure::Refuse);
  Freshness keep{.on_denied = Freshness::OnDenied::Keep};
  EXPECT_EQ(decide(keep, record(), Errc::Denied, kChecked), OnFailure::ServeStale);
}

}  // namespace
}  // namespace entrepot::cache
