// What Prometheus calls process metrics, under the names that its other clients use.
#pragma once

#include "entrepot/base/clock.hpp"
#include "entrepot/base/metrics.hpp"

namespace entrepot::app {

// Read at each scrape. `started`: when the process was.
void add_process_metrics(metrics::Registry& registry, Time started);

}  // namespace entrepot::app
