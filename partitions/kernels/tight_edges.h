#pragma once
// The edges of shortest paths: those exactly as long as what they bridge, which is finite. Distances of mirrors must be their owners'.

#include <limits>

#include "partitions/kernels/edge_weights.h"

namespace gli {

struct tight_edges {
  static constexpr double infinite = std::numeric_limits<double>::infinity();
  const edge_weights& weights;
  const vertex_array<double>& distance;

  template <class F>
  void for_each_forward(const graph_view& g, int32_t v, F&& f) const {
    for_each_weighted_forward(g, weights, v, [&](int32_t u, double w) {
      if (distance[u] < infinite && distance[v] + w == distance[u]) f(u);
    });
  }
  template <class F>
  void for_each_backward(const graph_view& g, int32_t v, F&& f) const {
    for_each_weighted_backward(g, weights, v, [&](int32_t u, double w) {
      if (distance[v] < infinite && distance[u] + w == distance[v]) f(u);
    });
  }
};

}  // namespace gli
