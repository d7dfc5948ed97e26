// What is counted of downloads into the store.
#pragma once

#include "entrepot/base/metrics.hpp"

namespace entrepot::cache {

struct FillMetrics {
  explicit FillMetrics(metrics::Registry& registry)
      : completed(ended(registry, "completed")),
        refused(ended(registry, "refused")),
        parked(ended(registry, "parked")),
        wrong(ended(registry, "wrong")),
        disk(ended(registry, "disk")),
        no_room(ended(registry, "no_room")),
        continued(registry.counter("entrepot_fills_continued_total",
                                   "Fills that went on with what an earlier, parked one had fetched.")),
        resumed(registry.counter("entrepot_fill_resumes_total",
                                 "Requests for the rest of a blob after the one before had broken.")) {}

  // Each fill counts once, as one of these.
  metrics::Counter completed;
  metrics::Counter refused;  // the upstream's first answer was an error
  metrics::Counter parked;   // no more could be fetched for now
  metrics::Counter wrong;    // the digest was
  metrics::Counter disk;     // a write or a sync failed
  metrics::Counter no_room;  // streamed instead

  metrics::Counter continued;
  metrics::Counter resumed;

 private:
  static metrics::Counter ended(metrics::Registry& registry, const char* result) {
    return registry.counter("entrepot_fills_total", "Downloads into the store that have ended, by result.",
                            {{"result", result}});
  }
};

}  // namespace entrepot::cache
