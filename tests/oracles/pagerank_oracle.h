#pragma once
// PageRank by its definition, in long double. O(rounds · (n + m)), O(m) memory.

#include "tests/oracles/plain_graph.h"

namespace gli::testing {

inline std::vector<long double> pagerank_rounds(const plain_graph& g, long double alpha, int rounds) {
  auto n = g.nodes.size();
  auto to = g.successors();
  std::vector<long double> rank(n, n ? 1.0L / n : 0);
  for (int r = 0; r < rounds; ++r) {
    long double sinks = 0;
    for (size_t u = 0; u < n; ++u) sinks += to[u].empty() ? rank[u] : 0;
    std::vector<long double> next(n, (1 - alpha + alpha * sinks) / n);
    for (size_t u = 0; u < n; ++u)
      for (auto v : to[u]) next[v] += alpha * rank[u] / to[u].size();
    rank = std::move(next);
  }
  return rank;
}

inline long double total_change(const std::vector<long double>& a, const std::vector<long double>& b) {
  long double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] < b[i] ? b[i] - a[i] : a[i] - b[i];
  return sum;
}

}  // namespace gli::testing
