#include "cache/freshness.hpp"

namespace entrepot::cache {

bool is_fresh(const config::Freshness& policy, const store::TagRecord& record, Time now) {
  if (policy.check != config::Freshness::Check::After) return false;
  const bool clock_went_back = now < record.checked;  // by how much, nobody knows
  return !clock_went_back && now - record.checked < policy.interval;
}

OnFailure decide(const config::Freshness& policy, const store::TagRecord& record, Errc error, Time now) {
  switch (error) {
    case Errc::NotFound:
      return policy.on_missing == config::Freshness::OnMissing::Keep ? OnFailure::ServeStale : OnFailure::Forget;
    case Errc::Denied:
      return policy.on_denied == config::Freshness::OnDenied::Keep ? OnFailure::ServeStale : OnFailure::Refuse;
    case Errc::RateLimited:
    case Errc::Unavailable:
    case Errc::BadGateway:
    case Errc::Timeout:
    case Errc::NoRoom:
    case Errc::Io:
      return now - record.checked <= policy.stale_if_error ? OnFailure::ServeStale : OnFailure::Refuse;
    case Errc::Invalid:
      return OnFailure::Refuse;
  }
  return OnFailure::Refuse;
}

}  // namespace entrepot::cache
