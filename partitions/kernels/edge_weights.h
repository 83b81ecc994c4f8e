#pragma once
// One edge attribute as numbers beside the neighbor lists of both directions.

#include <span>
#include <string>
#include <vector>

#include "partitions/graph_view.h"
#include "runtime/communicator.h"

namespace gli {

class edge_weights {
 public:
  /// Of every edge. Collective: failure{key} when there is no such column, failure{type} when it holds what are no numbers,
  /// failure{value} naming an edge without one, with a negative one where those are refused, or with NaN. O(m).
  static edge_weights of(const graph& g, const std::string& name, bool refuse_negative, communicator& all);

  /// Beside g.out(v), g.in(v).
  const double* out(const graph_view& g, int32_t v) const { return at(out_, g.body().out, v); }
  const double* in(const graph_view& g, int32_t v) const { return at(in_, g.body().in, v); }

  /// The largest over all partitions, and the mean of this one's; 0 without edges.
  double largest() const { return largest_; }
  double mean() const { return mean_; }

 private:
  using by_page = std::vector<std::vector<double>>;
  static const double* at(const by_page& pages, const topology& t, int32_t v) {
    auto p = size_t(v) >> vertices_per_page_bits;
    return pages[p].data() + t.directory[p]->off[v & (vertices_per_page - 1)];
  }
  by_page out_, in_;
  double largest_ = 0, mean_ = 0;
};

/// Calls f(neighbor, weight) for every edge that leaves v; undirected: for every edge at v.
template <class F>
void for_each_weighted_forward(const graph_view& g, const edge_weights& w, int32_t v, F&& f) {
  auto each = [&](std::span<const int32_t> list, const double* weight) {
    for (auto u : list) f(u, *weight++);
  };
  each(g.out(v), w.out(g, v));
  if (!g.directed()) each(g.in(v), w.in(g, v));
}

/// Calls f(neighbor, weight) for every edge that enters v; undirected: for every edge at v.
template <class F>
void for_each_weighted_backward(const graph_view& g, const edge_weights& w, int32_t v, F&& f) {
  auto each = [&](std::span<const int32_t> list, const double* weight) {
    for (auto u : list) f(u, *weight++);
  };
  each(g.in(v), w.in(g, v));
  if (!g.directed()) each(g.out(v), w.out(g, v));
}

}  // namespace gli
