#pragma once
// Disjoint sets of own vertices and mirrors. They are the same for any number of threads; which member stands for a set is its smallest signed id.

#include <algorithm>
#include <atomic>

#include "partitions/graph_view.h"

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

  /// The same as link() of a v that was linked to nobody yet. low < v.
  void attach(int32_t v, int32_t low) { parent_[v] = low; }

  /// Fetches what link(u, v) begins with: it branches on what it reads, so that misses would wait for one another.
  void prefetch(int32_t v) const { __builtin_prefetch(&parent_[v]); }

  /// Points every vertex at its root. No link() may run meanwhile.
  void compress() {
    parallel_ranges(int64_t{parent_.size()} + parent_.mirrors(), 1 << 12, [&](int64_t i, int64_t end) {
      for (; i < end; ++i) compress(int32_t(i - parent_.mirrors()));
    });
  }

  /// Points v at its root. Threads: any number, but no link() may run meanwhile.
  void compress(int32_t v) {
    auto r = parent(v);
    for (auto up = parent(r); up != r; up = parent(r)) r = up;
    std::atomic_ref{parent_[v]}.store(r, std::memory_order_relaxed);
  }

  /// Of a vertex that points at its root, or at one that does.
  int32_t root(int32_t v) const { return parent_[parent_[v]]; }

 private:
  /// Someone in v's set, nearer to its root. Threads: any number, beside link().
  int32_t parent(int32_t v) { return std::atomic_ref{parent_[v]}.load(std::memory_order_relaxed); }

  /// The vertex two steps above v, at which v points from now on: whoever has a parent once never is a root again, and what stands above stays above.
  int32_t halve(int32_t v) {
    auto above = parent(v), up = parent(above);
    if (up != above) std::atomic_ref{parent_[v]}.store(up, std::memory_order_relaxed);
    return up;
  }

  vertex_array<int32_t> parent_;
};

}  // namespace gli
