#pragma once
// Shortest paths from a source over weights that are not negative. Inside of a partition nodes are settled by bands of distance (kernels/bucketed_paths.h);
// after some bands, the same on all partitions, mirrors that got nearer go to their owners. Distances are minima of sums along paths, so every order finds the
// same bytes.
// O(m · times that a node comes nearer). [Dijkstra 1959; Meyer, Sanders 2003; Zhang et al. 2020]

#include <array>
#include <bit>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "partitions/headway.h"
#include "partitions/kernels/bucketed_paths.h"

namespace gli {

template <class Lengths>
struct sssp {
  static constexpr const char* name = "sssp";
  using totals = std::array<uint64_t, 2>;  // nodes that came nearer, and partitions where some wait
  using bits = typename Lengths::bits;

  Lengths lengths;
  std::optional<int32_t> source;  // own id, where the source is this partition's

  vertex_array<bits> distance;  // own and mirrors
  std::vector<int32_t> nearer;  // own nodes to begin with
  std::optional<bucketed_paths<Lengths>> inside;

  sssp(const Lengths& l, std::optional<int32_t> from) : lengths{l}, source{from} {}

  totals begin(const graph_view& g) {
    distance = vertex_array<bits>{g, Lengths::unreached};
    inside.emplace(g, lengths);
    inside->begin(distance);
    if (source) {
      distance[*source] = 0;
      nearer.push_back(*source);
    }
    return {nearer.size(), 0};
  }
  bool done(const totals& last, uint64_t) const { return last[0] + last[1] == 0; }

  totals round(const graph_view& g, const totals&, communicator& all) {
    inside->add(nearer);
    nearer.clear();
    inside->settle(horizon(all));
    gather_set(distance, inside->nearer_mirrors(), g, all, [&](int32_t own, bits d) {
      if (d >= distance[own]) return;
      distance[own] = d;
      nearer.push_back(own);
    });
    inside->nearer_mirrors().clear_mirrors();
    return {nearer.size(), all.size() > 1 && inside->waits()};
  }

  double of(int32_t own) const { return Lengths::number(distance[own]); }
  headway so_far(const graph_view&, const totals& last, uint64_t rounds) const { return {rounds, 0, std::to_string(last[0]) + " nodes came nearer"}; }

 private:
  /// How far this round goes: some bands from the nearest node on that waits anywhere, so that few distances are followed that another partition will lower.
  double horizon(communicator& all) {
    constexpr uint64_t bands = 1;
    if (all.size() == 1) return std::numeric_limits<double>::infinity();
    auto nearest = std::bit_cast<uint64_t>(inside->horizon(bands));
    all.all_reduce({&nearest, 1}, reduction::min);
    return std::bit_cast<double>(nearest);
  }
};

/// Calls f(lengths) with the narrowest numbers that hold the lengths of paths exactly. weights: null: every edge counts 1. The same on all partitions.
template <class F>
auto with_lengths(const graph_view& g, const edge_weights* weights, F&& f) {
  if (!weights) return f(hop_lengths{g});
  return weights->whole() ? f(whole_lengths{weights->whole_lists(g), weights->mean()}) : f(real_lengths{*weights});
}

}  // namespace gli
