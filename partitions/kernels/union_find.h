#pragma once
// Connected sets of own vertices and mirrors, by edges in either direction. Union-find with sampling: after two neighbors of each vertex
// most are in one set, whose members then look at their mirrors only. O(n + m) at worst, O(n + what is outside the largest set) mostly.
// [Sutton, Ben-Nun, Barak: Optimizing Parallel Graph Connectivity Computation via Subgraph Sampling, 2018]
//
// The sets are the same for any number of threads; which member stands for a set is its smallest signed id.

#include <array>
#include <atomic>
#include <vector>

#include "partitions/graph_view.h"
#include "partitions/parallel.h"

namespace gli {

class union_find {
 public:
  explicit union_find(const graph_view& g) : parent_{g, 0} {
    for (int32_t v = -g.mirrors(); v < g.size(); ++v) parent_[v] = v;
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

/// Links v along list[skip ..]; only along mirrors, which come first, when `settled`.
inline void link_rest(union_find& sets, int32_t v, std::span<const int32_t> list, size_t skip, bool settled) {
  for (; skip < list.size() && !(settled && list[skip] >= 0); ++skip) sets.link(v, list[skip]);
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
  for (size_t i = 0; i < samples; ++i)
    detail::for_each_own(g, [&](int32_t v) {
      if (auto list = g.out(v); i < list.size()) sets.link(v, list[i]);
    });
  sets.compress();
  if (g.size() == 0) return sets;
  auto largest = detail::frequent_root(g, sets);
  detail::for_each_own(g, [&](int32_t v) {
    auto settled = sets.parent(v) == largest;
    detail::link_rest(sets, v, g.out(v), samples, settled);
    detail::link_rest(sets, v, g.in(v), 0, settled);
  });
  sets.compress();
  return sets;
}

}  // namespace gli
