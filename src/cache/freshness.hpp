// What to do with a tag that is stored: pure decisions.
#pragma once

#include "entrepot/base/result.hpp"
#include "entrepot/config/config.hpp"
#include "entrepot/store/records.hpp"

namespace entrepot::cache {

// Whether the tag, stored as it was last seen, may be served without asking its upstream (`freshness.check: after`).
bool is_fresh(const config::Freshness& policy, const store::TagRecord& record, Time now);

enum class OnFailure {
  ServeStale,  // with its Warning
  Forget,      // the tag is gone upstream: the error is the answer, the record goes
  Refuse,      // the error is the answer, the record stays for when the upstream is back or access is
};

// The check, or the fetch that followed it, has failed with `error`; something is stored.
OnFailure decide(const config::Freshness& policy, const store::TagRecord& record, Errc error, Time now);

}  // namespace entrepot::cache
