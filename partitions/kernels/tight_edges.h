#pragma once
// The edges of shortest paths: those exactly as long as what they bridge. Distances of mirrors must be their owners'.

#include <bit>

#include "partitions/kernels/edge_weights.h"

namespace gli {

struct tight_edges {
  const edge_weights& weights;
  const vertex_array<uint64_t>& distance;  // bits of doubles

  template <class F>
  void for_each_forward(const graph_view& g, int32_t v, F&& f) const {
    for_each_weighted_forward(g, weights, v, [&](int32_t u, double w) {
      if (at(v) + w == at(u)) f(u);
    });
  }
  template <class F>
  void for_each_backward(const graph_view& g, int32_t v, F&& f) const {
    for_each_weighted_backward(g, weights, v, [&](int32_t u, double w) {
      if (at(u) + w == at(v)) f(u);
    });
  }

 private:
  double at(int32_t v) const { return std::bit_cast<double>(distance[v]); }
};

}  // namespace gli
