#include "upstream/upstream_metrics.hpp"

namespace entrepot::upstream {

namespace {

constexpr const char* kRequests = "entrepot_upstream_requests_total";
constexpr const char* kRequestsHelp = "Requests to registries and to where they redirect, by status or failure.";
constexpr const char* kTokens = "entrepot_upstream_token_requests_total";
constexpr const char* kTokensHelp = "Requests to token endpoints, by result.";

metrics::Counter tokens(metrics::Registry& registry, const std::string& upstream, const char* result) {
  return registry.counter(kTokens, kTokensHelp, {{"upstream", upstream}, {"result", result}});
}

std::string name_of(const Result<unsigned>& status) {
  if (status) return std::to_string(*status);
  return status.error().code == Errc::Timeout ? "timeout" : "error";
}

}  // namespace

UpstreamMetrics::UpstreamMetrics(metrics::Registry& registry, std::string upstream)
    : registry_(registry),
      upstream_(std::move(upstream)),
      bytes_(registry.counter("entrepot_upstream_received_bytes_total", "Bytes of bodies that came from upstreams.",
                              {{"upstream", upstream_}})),
      duration_(registry.histogram("entrepot_upstream_request_duration_seconds",
                                   "Time from a request to an upstream to the end of its answer's header.",
                                   {{"upstream", upstream_}})),
      tokens_granted_(tokens(registry, upstream_, "granted")),
      tokens_denied_(tokens(registry, upstream_, "denied")),
      tokens_failed_(tokens(registry, upstream_, "failed")) {}

void UpstreamMetrics::asked(const std::string& method, const Result<unsigned>& status, io::SteadyClock::duration took) {
  duration_.observe(std::chrono::duration<double>(took).count());
  std::pair<std::string, std::string> key(method, name_of(status));
  std::lock_guard lock(mutex_);
  auto found = requests_.find(key);
  if (found == requests_.end()) {
    metrics::Counter counter = registry_.counter(
        kRequests, kRequestsHelp, {{"upstream", upstream_}, {"method", key.first}, {"status", key.second}});
    found = requests_.emplace(std::move(key), counter).first;
  }
  found->second.add();
}

void UpstreamMetrics::told(const Quota& quota) {
  quota_limit_ = quota.limit;
  quota_remaining_ = quota.remaining;
  std::call_once(quota_shown_, [this] {
    using Kind = metrics::Registry::Kind;
    registry_.read(Kind::Gauge, "entrepot_upstream_ratelimit_limit", "Requests that the upstream grants in a window.",
                   {{"upstream", upstream_}}, [this] { return static_cast<double>(quota_limit_); });
    registry_.read(Kind::Gauge, "entrepot_upstream_ratelimit_remaining", "Those of them that are left.",
                   {{"upstream", upstream_}}, [this] { return static_cast<double>(quota_remaining_); });
  });
}

void UpstreamMetrics::asked_for_token(const Result<void>& granted) {
  if (granted) {
    tokens_granted_.add();
  } else if (granted.error().code == Errc::Denied) {
    tokens_denied_.add();
  } else {
    tokens_failed_.add();
  }
}

}  // namespace entrepot::upstream
