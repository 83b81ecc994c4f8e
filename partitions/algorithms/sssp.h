#pragma once
// Shortest paths from a source over weights that are not negative. Inside of a partition nodes are settled by bands of distance (kernels/bucketed_paths.h)
// until nothing gets nearer; then mirrors that did go to their owners. Distances are minima of sums along paths, so every order finds the same bytes.
// O(m · times that a node comes nearer). [Dijkstra 1959; Meyer, Sanders 2003; Zhang et al. 2020]

#include <array>
#include <bit>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "partitions/headway.h"
#include "partitions/kernels/bucketed_paths.h"
#include "partitions/mirror_exchange.h"

namespace gli {

struct sssp {
  static constexpr const char* name = "sssp";
  using totals = std::array<uint64_t, 1>;  // nodes that came nearer
  static constexpr uint64_t unreached = std::bit_cast<uint64_t>(std::numeric_limits<double>::infinity());

  std::optional<int32_t> source;                // own id, where the source is this partition's
  std::shared_ptr<const edge_weights> weights;  // none: every edge counts 1

  vertex_array<uint64_t> distance;  // own and mirrors: bits of doubles, which are in the order of the numbers
  std::vector<uint64_t> told;       // by -id-1: the distance last sent to the owner
  std::vector<int32_t> nearer;      // own nodes to begin with
  std::optional<bucketed_paths> inside;

  totals begin(const graph_view& g) {
    distance = vertex_array<uint64_t>{g, unreached};
    told.assign(size_t(g.mirrors()), unreached);
    inside.emplace(g, weights.get());
    if (source) {
      distance[*source] = 0;
      nearer.push_back(*source);
    }
    return {nearer.size()};
  }
  bool done(const totals& last, uint64_t) const { return last[0] == 0; }

  totals round(const graph_view& g, const totals&, communicator& all) {
    inside->settle(distance, nearer);
    nearer.clear();
    gather_changed(
        distance, g, all, [&](int32_t m) { return distance[m] < told[size_t(~m)]; },
        [&](int32_t own, uint64_t d) {
          if (d >= distance[own]) return;
          distance[own] = d;
          nearer.push_back(own);
        });
    for (int32_t m = -g.mirrors(); m < 0; ++m) told[size_t(~m)] = distance[m];
    return {nearer.size()};
  }

  double of(int32_t own) const { return std::bit_cast<double>(distance[own]); }
  headway so_far(const graph_view&, const totals& last, uint64_t rounds) const { return {rounds, 0, std::to_string(last[0]) + " nodes came nearer"}; }
};

}  // namespace gli
