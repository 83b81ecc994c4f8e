#include "runtime/metrics.h"

#include <dirent.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>

#include "runtime/memory_limit.h"

namespace gli {

namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

const double started = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();

const char* name_of(purpose p) { return p == purpose::control ? "control" : p == purpose::bulk ? "bulk" : "driver"; }

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  auto seconds = [](const timeval& t) { return double(t.tv_sec) + double(t.tv_usec) / 1e6; };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

double open_descriptors() {
  std::unique_ptr<DIR, int (*)(DIR*)> folder{opendir("/proc/self/fd"), closedir};
  double count = -3;  // ".", ".." and the folder itself
  while (folder && readdir(folder.get())) ++count;
  return std::max(count, 0.0);
}

metric_families of_this_process(uint64_t memory_limit) {
  return {gauge("gli_build_info", "The version of GLI, as a label.", {{1, {{"version", GLI_VERSION}}}}),
          gauge("gli_memory_limit_bytes", "Memory that this process may use; 0: no limit.", {{double(memory_limit)}}),
          gauge("process_resident_memory_bytes", "Resident memory size in bytes.", {{double(resident_bytes())}}),
          gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", {{started}}),
          gauge("process_open_fds", "Number of open file descriptors.", {{open_descriptors()}}),
          counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", {{cpu_seconds()}})};
}

MetricFamily family(MetricType type, const std::string& name, const std::string& help, const std::vector<labelled_value>& values) {
  MetricFamily out{name, help, type, {}};
  for (auto& v : values) {
    auto& m = out.metric.emplace_back();
    for (auto& [label, text] : v.labels) m.label.push_back({label, text});
    (type == MetricType::Gauge ? m.gauge.value : m.counter.value) = v.value;
  }
  return out;
}

template <class T>
void append(std::vector<T>& to, std::vector<T> more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

MetricFamily gauge(const std::string& name, const std::string& help, const std::vector<labelled_value>& values) {
  return family(MetricType::Gauge, name, help, values);
}

MetricFamily counter(const std::string& name, const std::string& help, const std::vector<labelled_value>& values) {
  return family(MetricType::Counter, name, help, values);
}

process_metrics::process_metrics()
    : admitted_{prometheus::BuildCounter().Name("gli_door_admitted_total").Help("Connections that this process let in, by what they are for.").Register(registry_)},
      refused_{prometheus::BuildCounter().Name("gli_door_refused_total").Help("Connections that this process turned away.").Register(registry_).Add({})} {}

void process_metrics::admitted(purpose p) { admitted_.Add({{"purpose", name_of(p)}}).Increment(); }

std::string process_metrics::text(metric_families more, uint64_t memory_limit) const {
  auto all = registry_.Collect();
  append(all, of_this_process(memory_limit));
  append(all, std::move(more));
  std::erase_if(all, [](const MetricFamily& f) { return f.metric.empty(); });
  return prometheus::TextSerializer{}.Serialize(all);
}

}  // namespace gli
