// What is counted of the requests to one upstream.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "entrepot/base/metrics.hpp"
#include "entrepot/base/result.hpp"
#include "entrepot/io/async.hpp"
#include "upstream/quota.hpp"

namespace entrepot::upstream {

// Thread-safe. `registry` must outlive it.
class UpstreamMetrics {
 public:
  UpstreamMetrics(metrics::Registry& registry, std::string upstream);

  // A request to the registry, or to where it redirects: its status, or why it has none. `took`: up to the header.
  void asked(const std::string& method, const Result<unsigned>& status, io::SteadyClock::duration took);

  // A request to a token endpoint: no error, or why there is no token.
  void asked_for_token(const Result<void>& granted);

  void told(const Quota& quota);  // by an answer: shown from the first one on

  void read(std::size_t bytes) { bytes_.add(static_cast<double>(bytes)); }  // of bodies

 private:
  metrics::Registry& registry_;
  const std::string upstream_;
  metrics::Counter bytes_;
  metrics::Histogram duration_;
  metrics::Counter tokens_granted_;
  metrics::Counter tokens_denied_;
  metrics::Counter tokens_failed_;
  std::once_flag quota_shown_;
  std::atomic<std::uint64_t> quota_limit_{0};
  std::atomic<std::uint64_t> quota_remaining_{0};
  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, metrics::Counter> requests_;  // guarded by mutex_; by method and status
};

}  // namespace entrepot::upstream
