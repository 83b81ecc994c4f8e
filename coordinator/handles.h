#pragma once
// What the handles name: graphs and results on the workers, where they can be read again, and which are lost. Pure.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "coordinator/cluster_view.h"
#include "runtime/job.h"
#include "runtime/codec.h"

namespace gli {

/// How a handle that lies in a store is read again: by this job, on all partitions or, where each reads what it wrote itself, on the fresh ones.
struct stored_at { job_body read; bool everywhere = false; };

/// A load that was begun and is no graph yet.
struct load_handle {};
struct graph_handle {
  uint64_t nodes = 0, edges = 0;
  graph_kind kind;
  std::optional<stored_at> stored;
  bool mirrors_resolved = false;
  bool owned_at_home = true;  // no partitioner dealt its nodes out
  std::optional<uint64_t> most_nodes = {}, cut_edges = {};  // of one partition; between partitions. Where the call that made it counted
};
struct values_handle {
  handle graph = 0;
  result_info info;
  std::optional<stored_at> stored;
};

class handles {
 public:
  /// The first of `count` handles that follow one another; 0 for none.
  handle next(uint32_t count = 1) { return count ? std::exchange(next_, next_ + count) : 0; }
  void add(handle h, load_handle l);
  void add(handle h, graph_handle g);
  void add(handle h, values_handle v);
  /// Throw failure{key} for an unknown handle, failure{worker_lost} for one that was lost, failure{type} for the other sort.
  graph_handle& graph(handle h);
  values_handle& values(handle h);
  /// Whether results of a graph, or a result, can be read by each partition for itself; false of what is not there.
  bool owned_at_home(handle h) const;
  void erase(handle h) { all_.erase(h); }

  /// A worker died: what was never committed is lost, on all partitions.
  void lose(const std::string& why);
  /// The handle was committed. One that was lost meanwhile comes back when `restores` says that a restoration is still to come.
  void stored(handle h, stored_at where, bool restores);

  struct restoration { job what; bool everywhere; };  // on all partitions, else on the fresh ones
  /// Jobs that make fresh partitions hold what the others hold, graphs before their results.
  std::vector<restoration> restore() const;

  size_t count() const { return all_.size(); }
  /// Graphs that are there, the newest first, at most `limit`.
  std::vector<graph_row> rows(size_t limit) const;

  /// Checks that all handles which the job names are there.
  void check(const job& j);

 private:
  struct entry {
    std::variant<load_handle, graph_handle, values_handle> what;
    std::string lost;  // why; empty: there
    const std::optional<stored_at>* stored() const;
  };
  entry& at(handle h);
  std::map<handle, entry> all_;
  handle next_ = 1;
};

}  // namespace gli
