#pragma once
// Numbers of a process for Prometheus (docs/seeing.md, "Metrics"): what every process tells of itself, and the text that a scrape gets.
//
// Threads: any.

#include <prometheus/counter.h>
#include <prometheus/metric_family.h>
#include <prometheus/registry.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/frame.h"

namespace gli {

using metric_families = std::vector<prometheus::MetricFamily>;
using metric_label = std::pair<std::string, std::string>;

/// A family of which each value has the labels beside it.
struct labelled_value {
  double value = 0;
  std::vector<metric_label> labels = {};
};
prometheus::MetricFamily gauge(const std::string& name, const std::string& help, const std::vector<labelled_value>& values);
prometheus::MetricFamily counter(const std::string& name, const std::string& help, const std::vector<labelled_value>& values);

/// What a process of either role counts: who came through its doors.
class process_metrics {
 public:
  process_metrics();
  void admitted(purpose p);
  void refused() { refused_.Increment(); }
  prometheus::Registry& registry() { return registry_; }

  /// All of the registry, what the kernel says of this process, and `more`, as text for a scrape.
  std::string text(metric_families more, uint64_t memory_limit) const;

 private:
  prometheus::Registry registry_;
  prometheus::Family<prometheus::Counter>& admitted_;
  prometheus::Counter& refused_;
};

constexpr std::string_view metrics_type = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace gli
