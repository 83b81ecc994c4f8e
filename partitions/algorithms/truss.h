#pragma once
// The k-truss of the undirected simple graph below a whole graph: edges of fewer than k - 2 triangles go, and with them the triangles of others, until every
// edge that is left has enough. O(m^1.5). [Cohen 2008; Wang, Cheng 2012]

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

#include "partitions/kernels/distinct_neighbors.h"
#include "partitions/parallel.h"

namespace gli {

class truss {
 public:
  truss(const graph_view& g, uint64_t k) {
    list_edges(g);
    support_.resize(ends_.size());
    kept_.assign(ends_.size(), 1);
    parallel_ranges(int64_t(ends_.size()), 64, [&](int64_t e, int64_t end) {
      for (; e < end; ++e) for_each_triangle(uint32_t(e), [&](uint32_t, uint32_t) { ++support_[size_t(e)]; });
    });
    take_away(k > 2 ? k - 2 : 0);
  }

  /// Whether the edge between two neighbors is left; false for a node and itself.
  bool has(int32_t u, int32_t v) const {
    auto list = beside(u);
    auto at = std::lower_bound(list.begin(), list.end(), v, [](auto& n, int32_t x) { return n.node < x; });
    return at != list.end() && at->node == v && kept_[at->edge];
  }
  bool has(int32_t u) const {
    auto list = beside(u);
    return std::any_of(list.begin(), list.end(), [&](auto& n) { return kept_[n.edge]; });
  }

 private:
  struct neighbor { int32_t node; uint32_t edge; };
  struct both_ends { int32_t low, high; };

  std::span<const neighbor> beside(int32_t v) const { return {neighbors_.data() + begin_[size_t(v)], neighbors_.data() + begin_[size_t(v) + 1]}; }

  /// Lists ascend; an edge's number is its place among those of its lower end.
  void list_edges(const graph_view& g) {
    begin_.assign(size_t(g.size()) + 1, 0);
    for (int32_t v = 0; v < g.size(); ++v)
      for_each_distinct_neighbor(g, v, [&](int32_t, int) { ++begin_[size_t(v) + 1]; });
    std::partial_sum(begin_.begin(), begin_.end(), begin_.begin());
    neighbors_.resize(begin_.back());
    auto at = begin_;
    for (int32_t v = 0; v < g.size(); ++v)
      for_each_distinct_neighbor(g, v, [&](int32_t u, int) {
        if (u < v) return;
        auto edge = uint32_t(ends_.size());
        ends_.push_back({v, u});
        neighbors_[at[size_t(v)]++] = {u, edge};
        neighbors_[at[size_t(u)]++] = {v, edge};
      });
  }

  /// Calls f(edge, edge) for the other two sides of every triangle that is left over an edge. Looks for the shorter list's nodes in the longer.
  template <class F>
  void for_each_triangle(uint32_t e, F&& f) const {
    auto a = beside(ends_[e].low), b = beside(ends_[e].high);
    if (a.size() > b.size()) std::swap(a, b);
    auto at = b.begin();
    for (auto& n : a) {
      at = std::lower_bound(at, b.end(), n.node, [](auto& m, int32_t x) { return m.node < x; });
      if (at == b.end()) return;
      if (at->node == n.node && kept_[n.edge] && kept_[at->edge]) f(n.edge, at->edge);
    }
  }

  void take_away(uint64_t least) {
    std::vector<uint32_t> weak;
    std::vector<uint8_t> listed(ends_.size());
    auto look_at = [&](uint32_t e) {
      if (support_[e] < least && !std::exchange(listed[e], 1)) weak.push_back(e);
    };
    for (uint32_t e = 0; e < ends_.size(); ++e) look_at(e);
    while (!weak.empty()) {
      interruption::point();
      auto e = weak.back();
      weak.pop_back();
      for_each_triangle(e, [&](uint32_t one, uint32_t other) {
        --support_[one], --support_[other];
        look_at(one), look_at(other);
      });
      kept_[e] = 0;
    }
  }

  std::vector<uint64_t> begin_;
  std::vector<neighbor> neighbors_;
  std::vector<both_ends> ends_;     // by edge
  std::vector<uint32_t> support_;   // triangles left, of edges that are
  std::vector<uint8_t> kept_;
};

}  // namespace gli
