#pragma once
// Connected sets of own vertices and mirrors, by edges in either direction. Union-find with sampling: a vertex begins as the child of its smallest neighbor, where
// that is smaller, which asks for no look at others; after one neighbor more of each most are in one set, whose members then look at their mirrors only. O(n + m) at worst, O(n + what is outside the largest set) mostly.
// [Sutton, Ben-Nun, Barak: Optimizing Parallel Graph Connectivity Computation via Subgraph Sampling, 2018]
//
// The sets are the same for any number of threads; which member stands for a set is its smallest signed id.

#include <algorithm>
#include <atomic>
#include <vector>

#include "partitions/kernels/edge_lists.h"

namespace gli {

class union_find {
 public:
  /// Everyone alone.
  explicit union_find(const graph_view& g) : union_find{g, [](int32_t v) { return v; }} {}

  /// Each own vertex points at first(v) <= v, mirrors at themselves.
  template <class First>
  union_find(const graph_view& g, First&& first) : parent_{g, 0} {
    for (int32_t m = -g.mirrors(); m < 0; ++m) parent_[m] = m;
    parallel_ranges(g.size(), vertices_per_page, [&](int64_t v, int64_t end) {
      for (; v < end; ++v) parent_[int32_t(v)] = first(int32_t(v));
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
      a = halve(high);
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
  /// The vertex two steps above v, at which v points from now on: whoever has a parent once never is a root again, and what stands above stays above.
  int32_t halve(int32_t v) {
    auto above = parent(v), up = parent(above);
    if (up != above) std::atomic_ref{parent_[v]}.store(up, std::memory_order_relaxed);
    return up;
  }

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

/// Links own vertices v to second[v].
inline void link_all_to(union_find& sets, const vertex_array<int32_t>& second) {
  parallel_ranges(second.size(), vertices_per_page, [&](int64_t v, int64_t end) {
    constexpr int64_t ahead = 32;
    for (; v < end; ++v) {
      if (v + ahead < end) sets.prefetch(second[int32_t(v + ahead)]);
      sets.link(int32_t(v), second[int32_t(v)]);
    }
  });
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
  auto edges = edges_at(g);
  vertex_array<int32_t> second{g, 0};
  union_find sets{g, [&](int32_t v) {
    auto first = v;
    second[v] = v;
    edges.for_each_list(v, [&](std::span<const int32_t> list) {
      if (list.empty()) return;
      first = std::min(first, list.front());
      second[v] = list[std::min<size_t>(1, list.size() - 1)];
    });
    return first;
  }};
  sets.compress();
  detail::link_all_to(sets, second);
  sets.compress();
  if (g.size() == 0) return sets;
  auto largest = detail::frequent_root(g, sets);
  std::vector<uint8_t> joined(size_t(g.mirrors()), 0);  // mirrors that are linked to the largest set
  auto join = [&](int32_t v, int32_t mirror) {
    std::atomic_ref done{joined[size_t(~mirror)]};
    if (done.load(std::memory_order_relaxed)) return;
    done.store(1, std::memory_order_relaxed);
    sets.link(v, mirror);
  };
  detail::for_each_own(g, [&](int32_t v) {
    bool settled = sets.parent(v) == largest;  // what its own neighbors are not yet linked to, they link
    if (settled && g.mirrors() == 0) return;
    edges.for_each_list(v, [&](std::span<const int32_t> list) {
      if (!settled) return std::for_each(list.begin(), list.end(), [&](int32_t u) { sets.link(v, u); }), void();
      for (auto u = list.begin(); u != list.end() && *u < 0; ++u) join(v, *u);
    });
  });
  sets.compress();
  return sets;
}

}  // namespace gli
