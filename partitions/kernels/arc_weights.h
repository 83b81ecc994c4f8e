#pragma once
// Edges as weighted arcs, of which modularity speaks: an undirected edge is two arcs, an undirected self-loop one of twice its weight. Weights are integers on
// a grid that sets the sum of all arcs below 2^62.

#include "partitions/kernels/edge_weights.h"
#include "partitions/kernels/exact_vector.h"

namespace gli {

class arc_weights {
 public:
  /// Without weights every edge counts 1. Collective.
  arc_weights(const graph_view& g, const edge_weights* weights, communicator& all) : g_{g}, weights_{weights}, grid_{grid_unit(2 * total(all))}, one_{grid_(1)} {}

  /// Calls f(neighbor, weight of the arcs both ways) for each edge at an own node, a self-loop once, and adds up the weights of the arcs that leave and enter it.
  template <class F>
  void for_each(int32_t v, F&& f, uint64_t& leaving, uint64_t& entering) const {
    auto out = g_.out(v), in = g_.in(v);
    for (size_t i = 0; i < out.size(); ++i) {
      auto w = weights_ ? grid_(weights_->out(g_, v)[i]) : one_;
      auto arcs = g_.directed() ? w : 2 * w, at_node = out[i] == v ? arcs : w;
      f(out[i], arcs);
      leaving += at_node;
      entering += g_.directed() ? 0 : at_node;
    }
    for (size_t i = 0; i < in.size(); ++i) {
      auto w = weights_ ? grid_(weights_->in(g_, v)[i]) : one_;
      entering += w;
      if (g_.directed() && in[i] == v) continue;  // seen among those that leave
      f(in[i], g_.directed() ? w : 2 * w);
      leaving += g_.directed() ? 0 : w;
    }
  }

 private:
  double total(communicator& all) const {
    if (!weights_) return double(g_.total_edges());
    auto unit = grid_unit(weights_->largest());
    grid_of grid{unit};
    uint128 sum = 0;
    for (int32_t v = 0; v < g_.size(); ++v)
      for (size_t i = 0; i < g_.out(v).size(); ++i) sum += grid(weights_->out(g_, v)[i]);
    return double(total_of(sum, all)) * unit;
  }

  const graph_view& g_;
  const edge_weights* weights_;
  grid_of grid_;
  uint64_t one_;  // an edge without a weight
};

}  // namespace gli
