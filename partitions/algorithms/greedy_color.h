#pragma once
// Greedy colouring, largest degree first: each node takes the smallest colour that no neighbor before it has. Nodes of equal degree go by the hash of
// their keys. Directions do not matter, nor do self-loops. O(m) in all; rounds as the longest chain of neighbors in that order. [Welsh, Powell 1967; Jones,
// Plassmann 1993]

#include <array>
#include <utility>
#include <vector>

#include "partitions/headway.h"
#include "partitions/kernels/key_labels.h"
#include "partitions/parallel.h"

namespace gli {

struct greedy_color {
  static constexpr const char* name = "greedy_color";
  using totals = std::array<uint64_t, 1>;  // nodes without a colour
  struct place {
    uint64_t degree = 0;
    hash128 hash;
    friend bool operator<(const place& a, const place& b) { return a.degree != b.degree ? a.degree > b.degree : a.hash < b.hash; }
  };

  vertex_array<place> order;      // own and mirrors
  vertex_array<int32_t> color;    // -1: none yet
  std::vector<int32_t> waiting;   // own, without a colour
  bool ordered = false;

  totals begin(const graph_view& g) {
    color = vertex_array<int32_t>{g, -1};
    for (int32_t v = 0; v < g.size(); ++v)
      if (g.live(v)) waiting.push_back(v);
    return {waiting.size()};
  }
  bool done(const totals& left, uint64_t) const { return left[0] == 0; }

  totals round(const graph_view& g, const totals&, communicator& all) {
    if (!std::exchange(ordered, true)) begin_order(g, all);
    broadcast(color, g, all);
    std::vector<int32_t> chosen(waiting.size());
    parallel_ranges(int64_t(waiting.size()), 256, [&](int64_t i, int64_t end) {
      std::vector<uint8_t> taken;
      for (; i < end; ++i) chosen[size_t(i)] = choose(g, waiting[size_t(i)], taken);
    });
    std::vector<int32_t> still;
    for (size_t i = 0; i < chosen.size(); ++i)
      if ((color[waiting[i]] = chosen[i]) < 0) still.push_back(waiting[i]);
    waiting.swap(still);
    return {waiting.size()};
  }

  headway so_far(const graph_view& g, const totals& left, uint64_t) const { return {g.total_nodes() - left[0], g.total_nodes(), std::to_string(left[0]) + " nodes left"}; }

 private:
  void begin_order(const graph_view& g, communicator& all) {
    order = vertex_array<place>{g, place{}};
    for (int32_t v = 0; v < g.size(); ++v) order[v] = {g.out(v).size() + g.in(v).size(), g.body().keys->hash_of(v)};
    broadcast(order, g, all);
  }
  /// -1 while a neighbor before it has none.
  int32_t choose(const graph_view& g, int32_t v, std::vector<uint8_t>& taken) const {
    taken.assign(size_t(order[v].degree) + 1, 0);
    bool ready = true;
    g.for_each_neighbor(v, [&](int32_t u) {
      if (u == v || !(order[u] < order[v])) return;
      if (color[u] < 0) ready = false;
      else if (size_t(color[u]) < taken.size()) taken[size_t(color[u])] = 1;
    });
    return ready ? int32_t(std::find(taken.begin(), taken.end(), 0) - taken.begin()) : -1;
  }
};

}  // namespace gli
