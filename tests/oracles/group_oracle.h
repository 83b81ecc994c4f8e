#pragma once
// Groups of nodes by their definitions.

#include <limits>

#include "runtime/hash.h"
#include "tests/oracles/search_oracle.h"

namespace gli::testing {

/// By node the smallest key among those that it reaches and that reach it.
inline std::vector<key> strong_component_keys(const plain_graph& g) {
  auto to = g.successors();
  std::vector<std::vector<int64_t>> depth;
  for (size_t s = 0; s < g.nodes.size(); ++s) depth.push_back(hops(to, s));
  std::vector<key> smallest = g.nodes;
  for (size_t u = 0; u < g.nodes.size(); ++u)
    for (size_t v = 0; v < g.nodes.size(); ++v)
      if (depth[u][v] >= 0 && depth[v][u] >= 0) smallest[u] = std::min(smallest[u], g.nodes[v]);
  return smallest;
}

/// The order among labels: int keys by number, text by the hash of the key.
inline bool label_before(const key& a, const key& b) { return a.index() == 0 ? a < b : key_hash(a) < key_hash(b); }

/// Rounds as the LDBC specification has them.
inline std::vector<key> propagated_labels(const plain_graph& g, int iterations) {
  std::vector<std::vector<size_t>> beside(g.nodes.size());
  for (auto [u, v] : g.edges) {
    beside[u].push_back(v);
    if (g.kind.directed || u != v) beside[v].push_back(u);
  }
  auto label = g.nodes;
  for (int i = 0; i < iterations; ++i) {
    auto next = label;
    for (size_t v = 0; v < beside.size(); ++v) {
      std::map<key, int> counts;
      for (auto u : beside[v]) ++counts[label[u]];
      int most = 0;
      for (auto& [l, n] : counts)
        if (n > most || (n == most && label_before(l, next[v]))) next[v] = l, most = n;
    }
    label = next;
  }
  return label;
}

/// By taking away nodes of fewer than k edges, for every k.
inline std::vector<int64_t> core_numbers(const plain_graph& g) {
  std::vector<int64_t> core(g.nodes.size());
  std::vector<bool> there(g.nodes.size(), true);
  for (int64_t k = 1; std::count(there.begin(), there.end(), true) > 0; ++k)
    for (bool changed = true; changed;) {
      changed = false;
      std::vector<int64_t> degree(g.nodes.size());
      for (auto [u, v] : g.edges)
        if (u != v && there[u] && there[v]) ++degree[u], ++degree[v];
      for (size_t v = 0; v < degree.size(); ++v)
        if (there[v] && degree[v] < k) there[v] = false, core[v] = k - 1, changed = true;
    }
  return core;
}

/// The set that a walk in the order of the keys' hashes takes.
inline std::vector<bool> independent_set(const plain_graph& g) {
  auto beside = g.lists(true, true);
  std::vector<size_t> order(g.nodes.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return key_hash(g.nodes[a]) < key_hash(g.nodes[b]); });
  std::vector<bool> in(order.size());
  for (auto v : order) in[v] = std::none_of(beside[v].begin(), beside[v].end(), [&](size_t u) { return u == v || in[u]; });
  return in;
}

/// Colours by walking through the nodes, those with most edges first, then by the keys' hashes.
inline std::vector<int64_t> greedy_colors(const plain_graph& g) {
  auto beside = g.lists(true, true);
  std::vector<size_t> order(g.nodes.size()), degree(g.nodes.size());
  for (auto [u, v] : g.edges) {
    ++degree[u];
    degree[v] += g.kind.directed || u != v;
  }
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return degree[a] != degree[b] ? degree[a] > degree[b] : key_hash(g.nodes[a]) < key_hash(g.nodes[b]);
  });
  std::vector<int64_t> color(order.size(), -1);
  for (auto v : order)
    for (color[v] = 0; std::any_of(beside[v].begin(), beside[v].end(), [&](size_t u) { return u != v && color[u] == color[v]; });) ++color[v];
  return color;
}

/// Distances by relaxing every edge n times [Bellman 1958].
inline std::vector<double> distances(const plain_graph& g, const std::vector<double>& weights, size_t source) {
  std::vector<double> d(g.nodes.size(), std::numeric_limits<double>::infinity());
  d[source] = 0;
  for (size_t i = 0; i < g.nodes.size(); ++i)
    for (size_t e = 0; e < g.edges.size(); ++e) {
      auto [u, v] = g.edges[e];
      d[v] = std::min(d[v], d[u] + weights[e]);
      if (!g.kind.directed) d[u] = std::min(d[u], d[v] + weights[e]);
    }
  return d;
}

}  // namespace gli::testing
