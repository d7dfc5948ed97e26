#include "entrepot/base/metrics.hpp"

#include <gtest/gtest.h>

namespace entrepot::metrics {
namespace {

std::size_t count(const std::string& text, const std::string& words) {
  std::size_t found = 0;
  for (auto at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++found;
  return found;
}

TEST(Metrics, AFamilyHasItsHelpOnceAndASeriesForEachSetOfLabels) {
  Registry registry;
  registry.counter("pulls_total", "What was pulled.", {{"kind", "blob"}}).add();
  Counter manifests = registry.counter("pulls_total", "What was pulled.", {{"kind", "manifest"}});
  manifests.add(2);
  registry.counter("pulls_total", "What was pulled.", {{"kind", "manifest"}}).add();  // the same series
  const std::string text = registry.text();
  EXPECT_EQ(count(text, "# HELP pulls_total What was pulled.\n# TYPE pulls_total counter\n"), 1u);
  EXPECT_EQ(count(text, "\npulls_total{kind=\"blob\"} 1\n"), 1u);
  EXPECT_EQ(count(text, "\npulls_total{kind=\"manifest\"} 3\n"), 1u);
}

TEST(Metrics, AHistogramHasCountSumAndBuckets) {
  Registry registry;
  Histogram times = registry.histogram("pull_seconds", "How long.");
  times.observe(0.003);
  times.observe(1000);
  const std::string text = registry.text();
  EXPECT_EQ(count(text, "pull_seconds_count 2\n"), 1u);
  EXPECT_EQ(count(text, "pull_seconds_bucket{le=\"0.0025\"} 0\n"), 1u);
  EXPECT_EQ(count(text, "pull_seconds_bucket{le=\"0.005\"} 1\n"), 1u);
  EXPECT_EQ(count(text, "pull_seconds_bucket{le=\"+Inf\"} 2\n"), 1u);
}

TEST(Metrics, WhatIsReadIsThatOfTheMoment) {
  Registry registry;
  double used = 1;
  registry.read(Registry::Kind::Gauge, "used_bytes", "Now.", {}, [&] { return used; });
  registry.read(Registry::Kind::Counter, "gone_total", "So far.", {{"cause", "a"}}, [&] { return used; });
  registry.read(Registry::Kind::Counter, "gone_total", "So far.", {{"cause", "b"}}, [&] { return used + 1; });
  used = 1e12;
  const std::string text = registry.text();
  EXPECT_EQ(count(text, "# TYPE used_bytes gauge\nused_bytes 1000000000000\n"), 1u);
  EXPECT_EQ(count(text, "# TYPE gone_total counter\n"), 1u);
  EXPECT_EQ(count(text, "gone_total{cause=\"b\"} 1000000000001\n"), 1u);
}

TEST(Metrics, LabelsAreQuoted) {
  Registry registry;
  registry.counter("pulls_total", "What was pulled.", {{"upstream", "a\"b\\c\n"}}).add();
  EXPECT_EQ(count(registry.text(), R"(pulls_total{upstream="a\"b\\c\n"} 1)"), 1u);
}

}  // namespace
}  // namespace entrepot::metrics
