#include "coordinator/coordinator_metrics.h"

#include <map>

namespace gli {

namespace {

constexpr size_t most_kinds = 200;
const prometheus::Histogram::BucketBoundaries seconds_buckets{0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000};

prometheus::MetricFamily workers_by_state(const status_report& s) {
  std::map<std::string, double> count{{"lost", 0}, {"ready", 0}, {"restoring", 0}, {"starting", 0}};
  for (auto& w : s.workers) ++count[w.state];
  std::vector<labelled_value> values;
  for (auto& [state, n] : count) values.push_back({n, {{"state", state}}});
  return gauge("gli_workers", "Workers by state.", std::move(values));
}

template <class Value>
std::vector<labelled_value> by_partition(const status_report& s, Value value) {
  std::vector<labelled_value> values;
  for (auto& w : s.workers) values.push_back({double(value(w)), {{"partition", std::to_string(w.partition)}}});
  return values;
}

}  // namespace

coordinator_metrics::coordinator_metrics(prometheus::Registry& r)
    : ended_{prometheus::BuildCounter().Name("gli_calls_total").Help("Calls that are over, by what was called and how they ended.").Register(r)},
      seconds_{prometheus::BuildHistogram().Name("gli_call_duration_seconds").Help("How long calls ran on the workers.").Register(r)},
      bytes_{prometheus::BuildCounter().Name("gli_call_exchanged_bytes_total").Help("Bytes that workers sent each other for calls that are over.").Register(r)},
      commits_{prometheus::BuildCounter().Name("gli_store_commits_total").Help("Commits that this coordinator published.").Register(r).Add({})},
      lost_{prometheus::BuildCounter().Name("gli_workers_lost_total").Help("Workers that died or were cut off.").Register(r).Add({})} {}

std::string coordinator_metrics::series(const std::string& kind) {
  std::lock_guard lock{mutex_};
  if (kinds_.size() < most_kinds) kinds_.insert(kind);
  return kinds_.contains(kind) ? kind : "other";
}

void coordinator_metrics::ended(const std::string& kind, const std::string& outcome, double seconds, uint64_t bytes) {
  auto call = series(kind);
  ended_.Add({{"call", call}, {"outcome", outcome}}).Increment();
  bytes_.Add({{"call", call}}).Increment(double(bytes));
  if (outcome == "done") seconds_.Add({{"call", call}}, seconds_buckets).Observe(seconds);
}

metric_families coordinator_metrics::of(const cluster_view& v) {
  auto& s = v.status;
  return {gauge("gli_partitions", "How many workers the cluster is to have.", {{double(s.partitions)}}),
          workers_by_state(s),
          gauge("gli_worker_memory_bytes", "Resident memory of the partition's worker, as it said last.", by_partition(s, [](auto& w) { return w.memory; })),
          gauge("gli_worker_memory_limit_bytes", "Memory that the partition's worker may use; 0: no limit.",
                by_partition(s, [](auto& w) { return w.memory_limit; })),
          gauge("gli_drivers", "Drivers that are connected.", {{double(s.drivers)}}),
          gauge("gli_calls", "Calls that run or wait.", {{double(v.running), {{"state", "running"}}}, {double(v.waiting), {{"state", "waiting"}}}}),
          gauge("gli_handles", "Graphs, results and loads that drivers hold on the workers.", {{double(v.handles)}})};
}

}  // namespace gli
