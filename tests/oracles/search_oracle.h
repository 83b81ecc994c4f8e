#pragma once
// Searches by queue.

#include <queue>

#include "tests/oracles/plain_graph.h"

namespace gli::testing {

/// Hops from `source`, -1 where unreachable.
inline std::vector<int64_t> hops(const std::vector<std::vector<size_t>>& to, size_t source) {
  std::vector<int64_t> depth(to.size(), -1);
  std::queue<size_t> waiting;
  depth[source] = 0;
  waiting.push(source);
  for (; !waiting.empty(); waiting.pop())
    for (auto v : to[waiting.front()])
      if (depth[v] < 0) {
        depth[v] = depth[waiting.front()] + 1;
        waiting.push(v);
      }
  return depth;
}

/// By node the smallest key of its weakly connected component.
inline std::vector<key> component_keys(const plain_graph& g) {
  auto to = g.lists(true, true);
  std::vector<key> smallest = g.nodes;
  for (size_t s = 0; s < g.nodes.size(); ++s) {
    auto depth = hops(to, s);
    for (size_t v = 0; v < depth.size(); ++v)
      if (depth[v] >= 0) smallest[v] = std::min(smallest[v], g.nodes[s]);
  }
  return smallest;
}

}  // namespace gli::testing
