#pragma once
// Graphs of some edges of a graph that an algorithm chooses. Whole graphs only: failure{not_implemented} on partitions.

#include <optional>
#include <string>

#include "partitions/graph.h"

namespace gli {

/// The edges between nodes that k - 2 others or more are neighbors of, counting among these edges alone, and their nodes: what is left when edges of fewer
/// triangles are taken away until none are. Directions and parallel edges do not matter, self-loops go. O(m^1.5). [Cohen 2008; Wang, Cheng 2012]
graph k_truss(const graph& g, uint64_t k, communicator& all);

/// All nodes, and the edges of a spanning forest of least weight: without `weight` every edge counts 1. Ties by the keys of both ends (int keys by number,
/// text by hash), then by edge key. failure{value} for directed graphs. O(m log m). [Kruskal 1956]
graph spanning_forest(const graph& g, const std::optional<std::string>& weight, communicator& all);

}  // namespace gli
