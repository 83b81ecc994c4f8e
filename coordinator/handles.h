#pragma once
// What the handles name: graphs and results on the workers, where they can be read again, and which are lost. Pure.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/job.h"
#include "runtime/codec.h"

namespace gli {

/// Where a committed handle's pages are, by partition.
struct stored_at { std::string store; std::vector<std::string> roots; };

struct graph_handle {
  uint64_t nodes = 0, edges = 0;
  graph_kind kind;
  std::optional<stored_at> stored;
};
struct values_handle {
  handle graph = 0;
  result_info info;
  std::optional<stored_at> stored;
};

class handles {
 public:
  handle next() { return next_++; }
  void add(handle h, graph_handle g);
  void add(handle h, values_handle v);
  /// Throw failure{key} for an unknown handle, failure{worker_lost} for one that was lost, failure{type} for the other sort.
  graph_handle& graph(handle h);
  values_handle& values(handle h);
  void erase(handle h) { all_.erase(h); }

  /// A worker died: what was never committed is lost, on all partitions.
  void lose(const std::string& why);
  /// Jobs that make a fresh partition hold what the others hold, graphs before their results.
  std::vector<job> restore() const;

  /// Checks that all handles which the job names are there.
  void check(const job& j);

 private:
  struct entry {
    std::optional<graph_handle> graph;
    std::optional<values_handle> values;
    std::string lost;  // why; empty: there
  };
  entry& at(handle h);
  std::map<handle, entry> all_;
  handle next_ = 1;
};

}  // namespace gli
