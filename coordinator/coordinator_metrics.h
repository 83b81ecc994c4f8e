#pragma once
// What a coordinator tells Prometheus: counters that grow as calls and jobs end, and the cluster as it is at a scrape.
//
// Threads: any.

#include <prometheus/counter.h>
#include <prometheus/histogram.h>

#include <mutex>
#include <set>
#include <string>

#include "coordinator/cluster_view.h"
#include "runtime/metrics.h"

namespace gli {

class coordinator_metrics {
 public:
  explicit coordinator_metrics(prometheus::Registry& registry);

  /// A call is over. `kind`: its algorithm or task, of which the first 200 get series of their own. Seconds: that it ran, 0 if it never did.
  void ended(const std::string& kind, const std::string& outcome, double seconds, uint64_t bytes);
  /// A submitted job has ended. Seconds: that it ran.
  void job_over(submission_state how, double seconds);
  void committed() { commits_.Increment(); }
  void worker_lost() { lost_.Increment(); }

  static metric_families of(const cluster_view& view);

 private:
  std::string series(const std::string& kind);

  prometheus::Family<prometheus::Counter>& ended_;
  prometheus::Family<prometheus::Histogram>& seconds_;
  prometheus::Family<prometheus::Counter>& bytes_;
  prometheus::Family<prometheus::Counter>& jobs_;
  prometheus::Histogram& job_seconds_;
  prometheus::Counter& commits_;
  prometheus::Counter& lost_;
  std::mutex mutex_;
  std::set<std::string> kinds_;  // guarded by the mutex
};

}  // namespace gli
