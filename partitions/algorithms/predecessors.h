#pragma once
// The node before each on a shortest path from the source: of several the one with the smallest label (partitions/kernels/key_labels.h). O(n + m).

#include <vector>

#include "partitions/algorithms/bfs.h"
#include "partitions/kernels/key_labels.h"

namespace gli {

/// By own id, and known[v] where there is one; of a search that is over. Collective.
template <class T>
std::vector<T> predecessors(const graph_view& g, bfs& search, std::vector<uint8_t>& known, communicator& all) {
  auto& depth = search.depth;
  auto label = key_labels<T>(g, all);
  std::vector<T> before(size_t(g.size()));
  known.assign(size_t(g.size()), 0);
  broadcast(depth, g, all);
  parallel_ranges(g.size(), vertices_per_page, [&](int64_t i, int64_t end) {
    for (auto v = int32_t(i); v < end; ++v) {
      if (depth[v] <= 0) continue;
      search.for_each_before(g, v, [&](int32_t u) {
        if (depth[u] != depth[v] - 1 || (known[size_t(v)] && !(label[u] < before[size_t(v)]))) return;
        before[size_t(v)] = label[u];
        known[size_t(v)] = 1;
      });
    }
  });
  return before;
}

}  // namespace gli
