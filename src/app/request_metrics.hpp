// What is counted of each request that was answered.
#pragma once

#include <map>
#include <shared_mutex>
#include <string>
#include <tuple>

#include "entrepot/base/metrics.hpp"
#include "entrepot/http/server.hpp"

namespace entrepot::app {

// Thread-safe. `registry` must outlive it.
class RequestMetrics {
 public:
  explicit RequestMetrics(metrics::Registry& registry) : registry_(registry) {}

  void record(const http::Served& served);

 private:
  // What requests are told apart by: kind, upstream, status, and how they were answered.
  using Key = std::tuple<std::string_view, std::string, unsigned, std::string_view>;

  struct Series {
    metrics::Counter requests;
    metrics::Counter bytes;
    metrics::Counter cut;
    metrics::Histogram first_byte;
    metrics::Histogram duration;
  };

  Series& series(const Key& key);

  metrics::Registry& registry_;
  std::shared_mutex mutex_;
  std::map<Key, Series> series_;  // guarded by mutex_; entries stay where they are
};

}  // namespace entrepot::app
