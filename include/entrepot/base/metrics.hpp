// What is counted, for Prometheus. docs/operations.md lists every metric.
//
// Modules count where something happens; what can be read off (bytes in use, connections) is asked for at each scrape.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace prometheus {
class Counter;
class Histogram;
}  // namespace prometheus

namespace entrepot::metrics {

// Names and values are ours or the configuration's, or one of so many that it allows: each combination is a time
// series.
using Labels = std::map<std::string, std::string>;

// Only grows. A handle: valid as long as its Registry. Thread-safe.
class Counter {
 public:
  void add(double amount = 1);

 private:
  friend class Registry;
  explicit Counter(prometheus::Counter& counter) : counter_(&counter) {}
  prometheus::Counter* counter_;
};

// Times, in seconds. Likewise.
class Histogram {
 public:
  void observe(double seconds);

 private:
  friend class Registry;
  explicit Histogram(prometheus::Histogram& histogram) : histogram_(&histogram) {}
  prometheus::Histogram* histogram_;
};

// Thread-safe. `name` and `help` are the same for all metrics of one family.
class Registry {
 public:
  Registry();
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  Counter counter(const std::string& name, const std::string& help, const Labels& labels = {});
  Histogram histogram(const std::string& name, const std::string& help, const Labels& labels = {});

  // Asked for at each scrape, on the scraping thread; what `read` uses must outlive the last of these.
  enum class Kind { Counter, Gauge };
  void read(Kind kind, const std::string& name, const std::string& help, const Labels& labels,
            std::function<double()> read);

  // All of them in Prometheus' text format, version 0.0.4.
  std::string text() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace entrepot::metrics
