#pragma once
// One edge attribute as numbers beside the neighbor lists of both directions.

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "partitions/graph_view.h"
#include "runtime/communicator.h"

namespace gli {

class weighted_lists;  // partitions/kernels/weighted_lists.h

/// A handle: copies are cheap and share what they read.
class edge_weights {
 public:
  /// Of every edge. Collective: failure{key} when there is no such column, failure{type} when it holds what are no numbers,
  /// failure{value} naming an edge without one, with a negative one where those are refused, or with NaN. O(m), but the graph keeps those of the column
  /// that was last asked for.
  static edge_weights of(const graph& g, const std::string& name, bool refuse_negative, communicator& all);

  /// Beside g.out(v), g.in(v).
  const double* out(const graph_view& g, int32_t v) const { return at(made_->out, g.body().out, v); }
  const double* in(const graph_view& g, int32_t v) const { return at(made_->in, g.body().in, v); }

  /// The largest over all partitions, and the mean of this one's; 0 without edges.
  double largest() const { return made_->largest; }
  double mean() const { return made_->mean; }

  /// Whether every weight is a whole number, and no path of the whole graph, however it was found, is as long as 2^32 - 1.
  bool whole() const { return made_->whole; }
  /// They as numbers of 32 bits beside their neighbors; made once.
  const weighted_lists& whole_lists(const graph_view& g) const;

  uint64_t bytes() const;

 private:
  using by_page = std::vector<std::vector<double>>;
  struct numbers {
    by_page out, in;
    double largest = 0, mean = 0;
    bool whole = false;
    mutable memo<weighted_lists> lists;
    void measure(const graph& g, communicator& all);
  };
  explicit edge_weights(std::shared_ptr<const numbers> made) : made_{std::move(made)} {}

  static const double* at(const by_page& pages, const topology& t, int32_t v) {
    auto p = size_t(v) >> vertices_per_page_bits;
    return pages[p].data() + t.directory[p]->off[v & (vertices_per_page - 1)];
  }
  std::shared_ptr<const numbers> made_;
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
