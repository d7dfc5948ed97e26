#include "app/request_metrics.hpp"

#include <mutex>

namespace entrepot::app {

namespace {

double seconds(io::SteadyClock::duration duration) { return std::chrono::duration<double>(duration).count(); }

// The word that stands for what Cache-Status says.
std::string_view result_of(std::string_view cache) {
  if (cache == "hit") return "hit";
  if (cache == "hit; detail=stale") return "stale";
  if (cache == "fwd=miss; stored") return "miss";
  if (cache == "fwd=miss; collapsed") return "joined";
  if (cache == "fwd=bypass") return "streamed";
  if (cache == "fwd=miss") return "forwarded";
  return "none";
}

}  // namespace

void RequestMetrics::record(const http::Served& served) {
  const http::LogNotes& notes = served.response.notes;
  Series& counted = series({notes.kind, notes.upstream, served.response.status, result_of(notes.cache)});
  counted.requests.add();
  counted.bytes.add(static_cast<double>(served.bytes_sent));
  counted.first_byte.observe(seconds(served.first_byte));
  counted.duration.observe(seconds(served.duration));
  if (!served.complete) counted.cut.add();
}

RequestMetrics::Series& RequestMetrics::series(const Key& key) {
  {
    std::shared_lock lock(mutex_);
    auto found = series_.find(key);
    if (found != series_.end()) return found->second;
  }
  const auto& [kind, upstream, status, cache] = key;
  const metrics::Labels what{{"kind", std::string(kind)}, {"upstream", upstream}};
  metrics::Labels all = what;
  all.emplace("status", std::to_string(status));
  all.emplace("cache", std::string(cache));
  Series series{
      registry_.counter("entrepot_requests_total", "Requests that were answered.", all),
      registry_.counter("entrepot_sent_bytes_total", "Bytes of bodies that were sent to clients.", what),
      registry_.counter("entrepot_cut_responses_total", "Responses of which not all was sent.", what),
      registry_.histogram("entrepot_first_byte_seconds", "Time from a request's first byte to its answer's.", what),
      registry_.histogram("entrepot_request_duration_seconds", "Time from a request's first byte to its answer's last.",
                          what),
  };
  std::lock_guard lock(mutex_);
  return series_.try_emplace(key, series).first->second;
}

}  // namespace entrepot::app
