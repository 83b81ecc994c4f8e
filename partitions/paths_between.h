#pragma once
// One shortest path between two nodes of a whole graph: searches from both ends until they have met, then the way back from the target by the rule of
// bfs_predecessors and sssp_predecessors, which say the same of all nodes. What it looks at is what lies near both ends.

#include <optional>
#include <string>
#include <vector>

#include "partitions/graph.h"
#include "runtime/value.h"

namespace gli {

struct path_between {
  std::vector<int32_t> nodes;  // own ids, both ends included
  double length = 0;           // edges, or the sum of their weights from the source on
};

/// None: there is no path. Of several shortest ones one of the fewest edges, and then of the smallest keys (text: hashes) before each node from the target on.
/// failure{key} for a node that is not there, that of edge_weights for weights; failure{not_implemented} on partitions. [Pohl 1971]
std::optional<path_between> shortest_path_between(const graph& g, const key& source, const key& target, const std::optional<std::string>& weight, communicator& all);

}  // namespace gli
