#include "coordinator/coordinator_metrics.h"

#include <map>

namespace gli {

namespace {

using state = submission_state;

constexpr size_t most_kinds = 200;
const prometheus::Histogram::BucketBoundaries seconds_buckets{0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000};
const prometheus::Histogram::BucketBoundaries job_buckets{1, 10, 60, 300, 1800, 3600, 21600, 86400};

prometheus::MetricFamily workers_by_state(const status_report& s) {
  std::map<std::string, double> count{{"lost", 0}, {"ready", 0}, {"restoring", 0}, {"starting", 0}};
  for (auto& w : s.workers) ++count[w.state];
  std::vector<labelled_value> values;
  for (auto& [state, n] : count) values.push_back({n, {{"state", state}}});
  return gauge("gli_workers", "Workers by state.", std::move(values));
}

prometheus::MetricFamily starts_of_jobs(const status_report& s) {
  std::vector<labelled_value> values;
  for (auto& j : s.submitted)
    if (j.state == state::running) values.push_back({double(j.started) / 1e6, {{"number", std::to_string(j.id)}}});
  return gauge("gli_job_start_time_seconds", "When each job that runs was started, since unix epoch in seconds.", values);
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
      jobs_{prometheus::BuildCounter().Name("gli_jobs_total").Help("Submitted jobs that are over, by how they ended.").Register(r)},
      job_seconds_{prometheus::BuildHistogram().Name("gli_job_duration_seconds").Help("How long submitted jobs ran that succeeded.").Register(r).Add({}, job_buckets)},
      commits_{prometheus::BuildCounter().Name("gli_store_commits_total").Help("Commits that this coordinator published.").Register(r).Add({})},
      lost_{prometheus::BuildCounter().Name("gli_workers_lost_total").Help("Workers that died or were cut off.").Register(r).Add({})} {
  for (auto how : {state::succeeded, state::failed, state::cancelled, state::lost}) jobs_.Add({{"outcome", name_of(how)}});
}

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

void coordinator_metrics::job_over(submission_state how, double seconds) {
  jobs_.Add({{"outcome", name_of(how)}}).Increment();
  if (how == state::succeeded) job_seconds_.Observe(seconds);
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
          gauge("gli_jobs", "Submitted jobs that run or wait.",
                {{double(v.jobs(state::running)), {{"state", "running"}}}, {double(v.jobs(state::waiting)), {{"state", "waiting"}}}}),
          starts_of_jobs(s),
          gauge("gli_handles", "Graphs, results and loads that drivers hold on the workers.", {{double(v.handles)}})};
}

}  // namespace gli
