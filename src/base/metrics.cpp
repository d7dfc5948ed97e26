#include "entrepot/base/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>
#include <utility>
#include <vector>

namespace entrepot::metrics {

namespace {

// From a hit in memory to a large layer over a slow line.
const prometheus::Histogram::BucketBoundaries kSeconds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
                                                       1,     2.5,    5,     10,   25,    60,   180, 600};

}  // namespace

class Registry::Impl {
 public:
  struct Reading {
    Kind kind;
    std::string help;
    std::vector<std::pair<Labels, std::function<double()>>> values{};
  };

  prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
  std::mutex mutex;
  std::map<std::string, Reading> readings;  // guarded by mutex; by name
};

Registry::Registry() : impl_(std::make_unique<Impl>()) {}
Registry::~Registry() = default;

void Counter::add(double amount) { counter_->Increment(amount); }
void Histogram::observe(double seconds) { histogram_->Observe(seconds); }

Counter Registry::counter(const std::string& name, const std::string& help, const Labels& labels) {
  auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(impl_->registry);
  return Counter(family.Add(labels));
}

Histogram Registry::histogram(const std::string& name, const std::string& help, const Labels& labels) {
  auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(impl_->registry);
  return Histogram(family.Add(labels, kSeconds));
}

void Registry::read(Kind kind, const std::string& name, const std::string& help, const Labels& labels,
                    std::function<double()> read) {
  std::lock_guard lock(impl_->mutex);
  auto [entry, added] = impl_->readings.try_emplace(name, Impl::Reading{kind, help});
  entry->second.values.emplace_back(labels, std::move(read));
}

std::string Registry::text() const {
  std::vector<prometheus::MetricFamily> families = impl_->registry.Collect();
  std::lock_guard lock(impl_->mutex);
  for (const auto& [name, reading] : impl_->readings) {
    prometheus::MetricFamily& family = families.emplace_back();
    family.name = name;
    family.help = reading.help;
    family.type = reading.kind == Kind::Counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
    for (const auto& [labels, read] : reading.values) {
      prometheus::ClientMetric& metric = family.metric.emplace_back();
      for (const auto& [label, value] : labels) metric.label.push_back({label, value});
      if (reading.kind == Kind::Counter) {
        metric.counter.value = read();
      } else {
        metric.gauge.value = read();
      }
    }
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace entrepot::metrics
