#pragma once
// What the coordinator's actor shows to whoever looks: a copy, at one instant. For the page and the metrics.

#include <algorithm>
#include <optional>
#include <vector>

#include "runtime/codec.h"
#include "runtime/job.h"

namespace gli {

struct graph_row {
  handle number = 0;
  uint64_t nodes = 0, edges = 0;
  graph_kind kind;
  bool stored = false;                                // a commit has it
  std::optional<uint64_t> most_nodes, cut_edges = {};  // of one partition; between partitions. Known of graphs that were loaded, dealt out or checked out
};

struct cluster_view {
  status_report status;
  std::vector<graph_row> graphs;  // the newest first, at most as many as are shown
  uint64_t handles = 0;           // graphs, results and loads
  uint64_t running = 0, waiting = 0;  // calls

  uint64_t jobs(submission_state in) const {
    return uint64_t(std::count_if(status.submitted.begin(), status.submitted.end(), [in](auto& j) { return j.state == in; }));
  }
};

}  // namespace gli
