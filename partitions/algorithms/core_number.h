#pragma once
// Core numbers: the largest k such that the node is in a subgraph whose nodes all have k edges or more inside of it. Each node's estimate begins with its
// degree and falls to the h-index of its neighbors' estimates until none falls. Edges count in both directions, parallel ones each; self-loops do not.
// O(m · rounds), where a round looks at the nodes beside those that fell. [Montresor, De Pellegrini, Miorandi 2013; Lü et al. 2016]

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "partitions/headway.h"
#include "partitions/kernels/mirror_neighbors.h"
#include "partitions/mirror_exchange.h"

namespace gli {

struct core_number {
  static constexpr const char* name = "core_number";
  using totals = std::array<uint64_t, 1>;  // estimates that the last round lowered

  vertex_array<int32_t> estimate;  // own and mirrors
  std::vector<int32_t> next;       // own
  std::vector<uint8_t> awake;      // own: a neighbor's estimate fell
  std::optional<mirror_neighbors> beside;

  totals begin(const graph_view& g) {
    estimate = vertex_array<int32_t>{g, INT32_MAX};
    next.assign(size_t(g.size()), INT32_MAX);
    awake.assign(size_t(g.size()), 1);
    beside.emplace(g);
    return {1};
  }
  bool done(const totals& lowered, uint64_t) const { return lowered[0] == 0; }

  totals round(const graph_view& g, const totals&, communicator& all) {
    auto lowered = parallel_sum<uint64_t>(pages_of(g.size()), 1, [&](int64_t p, int64_t end) {
      std::vector<int32_t> counts;
      uint64_t found = 0;
      for (; p < end; ++p)
        for (auto [v, last] = page_vertices{p, g.size()}; v < last; ++v) {
          if (awake[size_t(v)] && g.live(v)) next[size_t(v)] = h_index(g, v, counts);
          found += next[size_t(v)] < estimate[v];
        }
      return found;
    });
    tell(g, all);
    return {lowered};
  }

  headway so_far(const graph_view&, const totals& lowered, uint64_t rounds) const { return {rounds, 0, rounds ? std::to_string(lowered[0]) + " estimates fell" : ""}; }

 private:
  /// The largest h such that h neighbors have an estimate of h or more; no more than the node's own.
  int32_t h_index(const graph_view& g, int32_t v, std::vector<int32_t>& counts) const {
    auto most = int32_t(std::min<uint64_t>(g.out(v).size() + g.in(v).size(), uint64_t(estimate[v])));
    counts.assign(size_t(most) + 1, 0);
    g.for_each_neighbor(v, [&](int32_t u) {
      if (u != v) ++counts[size_t(std::min(estimate[u], most))];
    });
    auto h = most;
    for (int64_t enough = 0; h > 0 && (enough += counts[size_t(h)]) < h; --h) {}
    return h;
  }

  /// Who fell, to the nodes beside them, here and elsewhere.
  void tell(const graph_view& g, communicator& all) {
    auto wake = [&](int32_t u) {
      if (u >= 0) awake[size_t(u)] = 1;
    };
    std::vector<uint8_t> fell(size_t(g.size()));
    std::fill(awake.begin(), awake.end(), uint8_t{0});
    for (int32_t v = 0; v < g.size(); ++v) {
      fell[size_t(v)] = next[size_t(v)] < estimate[v];
      estimate[v] = next[size_t(v)];
      if (fell[size_t(v)]) g.for_each_neighbor(v, wake);
    }
    broadcast_changed(
        estimate, g, all, [&](int32_t v) { return fell[size_t(v)]; },
        [&](int32_t mirror, int32_t) {
          for (auto v : beside->of(mirror)) awake[size_t(v)] = 1;
        });
  }
};

}  // namespace gli
