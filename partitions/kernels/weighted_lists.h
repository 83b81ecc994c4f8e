#pragma once
// The edges that leave each node (undirected: all at it) with their weights beside them, where all weights are whole numbers below 2^32: 8 bytes an edge, in one
// place, for kernels that read edges of nodes in any order. Order within a node: none.

#include <optional>
#include <span>

#include "partitions/huge_array.h"
#include "partitions/kernels/edge_weights.h"

namespace gli {

struct weighted_edge {
  int32_t target;
  uint32_t weight;
};

class weighted_lists {
 public:
  /// w.whole() holds. O(n + m) on all cores.
  weighted_lists(const graph_view& g, const edge_weights& w) : nodes_{size_t(g.size())}, begin_{nodes_ + 1} {
    begin_[0] = 0;
    for (int32_t v = 0; v < g.size(); ++v) begin_[size_t(v) + 1] = begin_[size_t(v)] + g.forward_degree(v);
    edges_ = huge_array<weighted_edge>{begin_[nodes_]};
    parallel_ranges(g.size(), vertices_per_page, [&](int64_t v, int64_t end) {
      for (auto to = edges_.get() + begin_[size_t(v)]; v < end; ++v)
        for_each_weighted_forward(g, w, int32_t(v), [&](int32_t u, double x) { *to++ = {u, uint32_t(x)}; });
    });
  }

  std::span<const weighted_edge> of(int32_t v) const { return {edges_.get() + begin_[size_t(v)], edges_.get() + begin_[size_t(v) + 1]}; }

  /// Fetches what of(v) reads first, and then where the list begins.
  void prefetch(int32_t v) const { __builtin_prefetch(&begin_[size_t(v)]); }
  void prefetch_list(int32_t v) const { __builtin_prefetch(edges_.get() + begin_[size_t(v)]); }

  uint64_t bytes() const { return (nodes_ + 1) * sizeof(uint64_t) + begin_[nodes_] * sizeof(weighted_edge); }

 private:
  size_t nodes_;
  huge_array<uint64_t> begin_;
  huge_array<weighted_edge> edges_{0};
};

}  // namespace gli
