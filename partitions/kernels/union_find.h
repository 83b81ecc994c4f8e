#pragma once
// Connected sets of own vertices and mirrors, by edges in either direction. Union-find with sampling: after two neighbors of each vertex
// most are in one set, whose members then look at their mirrors only. O(n + m) at worst, O(n + what is outside the largest set) mostly.
// [Sutton, Ben-Nun, Barak: Optimizing Parallel Graph Connectivity Computation via Subgraph Sampling, 2018]
//
// The sets are the same for any number of threads; which member stands for a set is its smallest signed id.

#include <algorithm>
#include <atomic>
#include <optional>
#include <vector>

#include "partitions/graph_view.h"
#include "partitions/parallel.h"

namespace gli {

class union_find {
 public:
  explicit union_find(const graph_view& g) : parent_{g, 0} {
    parallel_ranges(int64_t{g.size()} + g.mirrors(), 1 << 14, [&](int64_t i, int64_t end) {
      for (; i < end; ++i) parent_[int32_t(i - g.mirrors())] = int32_t(i - g.mirrors());
    });
  }

  /// Threads: any number at once.
  void link(int32_t u, int32_t v) {
    auto a = parent(u), b = parent(v);
    while (a != b) {
      auto low = std::min(a, b), high = std::max(a, b);
      auto above = parent(high);
      if (above == low) return;
      if (above == high && std::atomic_ref{parent_[high]}.compare_exchange_strong(above, low, std::memory_order_relaxed)) return;
      a = parent(parent(high));
      b = parent(low);
    }
  }

  /// Fetches what link(u, v) begins with: it branches on what it reads, so that misses would wait for one another.
  void prefetch(int32_t v) const { __builtin_prefetch(&parent_[v]); }

  /// Points every vertex at its root. No link() may run meanwhile.
  void compress() {
    parallel_ranges(int64_t{parent_.size()} + parent_.mirrors(), 1 << 12, [&](int64_t i, int64_t end) {
      for (; i < end; ++i) compress(int32_t(i - parent_.mirrors()));
    });
  }

  /// Someone in v's set, nearer to its root. Threads: any number, beside link().
  int32_t parent(int32_t v) { return std::atomic_ref{parent_[v]}.load(std::memory_order_relaxed); }

  /// After compress().
  int32_t root(int32_t v) const { return parent_[v]; }

 private:
  void compress(int32_t v) {
    auto r = parent(v);
    for (auto up = parent(r); up != r; up = parent(r)) r = up;
    std::atomic_ref{parent_[v]}.store(r, std::memory_order_relaxed);
  }

  vertex_array<int32_t> parent_;
};

namespace detail {

/// The root that most of 1,024 evenly spaced vertices have.
inline int32_t frequent_root(const graph_view& g, const union_find& sets) {
  std::vector<int32_t> seen;
  for (int64_t v = 0; v < g.size(); v += std::max(1, g.size() >> 10)) seen.push_back(sets.root(int32_t(v)));
  std::sort(seen.begin(), seen.end());
  int32_t best = 0;
  ptrdiff_t most = 0;
  for (auto i = seen.begin(); i != seen.end();) {
    auto end = std::upper_bound(i, seen.end(), *i);
    if (end - i > most) most = end - i, best = *i;
    i = end;
  }
  return best;
}

/// v's i-th neighbor in either direction, if there are so many.
inline std::optional<int32_t> neighbor_at(const graph_view& g, int32_t v, size_t i) {
  auto first = g.in(v);
  if (i < first.size()) return first[i];
  auto rest = g.out(v);
  return i - first.size() < rest.size() ? std::optional{rest[i - first.size()]} : std::nullopt;
}

/// Links the vertices of page p to their i-th neighbors.
inline void link_sample(const graph_view& g, union_find& sets, int64_t p, size_t i) {
  constexpr int32_t block = 32;
  std::array<std::optional<int32_t>, block> neighbor;
  for (auto [v, last] = page_vertices{p, g.size()}; v < last; v += block) {
    auto end = std::min(last, v + block);
    for (auto u = v; u < end; ++u)
      if ((neighbor[size_t(u - v)] = neighbor_at(g, u, i))) sets.prefetch(*neighbor[size_t(u - v)]);
    for (auto u = v; u < end; ++u)
      if (auto to = neighbor[size_t(u - v)]) sets.link(u, *to);
  }
}

template <class F>
void for_each_own(const graph_view& g, F&& f) {
  parallel_ranges(pages_of(g.size()), 1, [&](int64_t p, int64_t end) {
    for (; p < end; ++p)
      for (auto [v, last] = page_vertices{p, g.size()}; v < last; ++v) f(v);
  });
}

}  // namespace detail

/// Compressed.
inline union_find connected_sets(const graph_view& g) {
  constexpr size_t samples = 2;
  union_find sets{g};
  for (size_t i = 0; i < samples; ++i) {
    parallel_ranges(pages_of(g.size()), 1, [&](int64_t p, int64_t end) {
      for (; p < end; ++p) detail::link_sample(g, sets, p, i);
    });
    sets.compress();
  }
  if (g.size() == 0) return sets;
  auto largest = detail::frequent_root(g, sets);
  auto link_all = [&](int32_t v, bool mirrors_only) {
    for (auto list : {g.in(v), g.out(v)})
      for (auto u = list.begin(); u != list.end() && (*u < 0 || !mirrors_only); ++u) sets.link(v, *u);
  };
  detail::for_each_own(g, [&](int32_t v) {
    bool settled = sets.parent(v) == largest;  // what its own neighbors are not yet linked to, they link
    if (!settled || g.mirrors() > 0) link_all(v, settled);
  });
  sets.compress();
  return sets;
}

}  // namespace gli
