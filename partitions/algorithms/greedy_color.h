#pragma once
// Greedy colouring, largest degree first: each node takes the smallest colour that no neighbor before it has, once all of these have theirs. Nodes of equal
// degree go by the hash of their keys. Directions do not matter, nor do self-loops. O(m) in all; rounds as often as a chain of neighbors in that order leads
// from one partition to another. [Welsh, Powell 1967; Jones, Plassmann 1993]

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "partitions/headway.h"
#include "partitions/kernels/key_labels.h"
#include "partitions/kernels/mirror_neighbors.h"
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

  vertex_array<place> order;     // own and mirrors
  vertex_array<int32_t> color;   // -1: none yet
  std::vector<uint32_t> before;  // own: edges to nodes before it that have no colour
  std::vector<int32_t> ready;    // own, without a colour, of whom no such edge is left
  std::vector<uint8_t> fresh;    // own: coloured in this round
  std::vector<uint8_t> used;     // by colour, for choose()
  std::optional<mirror_neighbors> beside;
  uint64_t left = 0;
  bool ordered = false;

  totals begin(const graph_view& g) {
    color = vertex_array<int32_t>{g, -1};
    left = g.nodes();
    return {left};
  }
  bool done(const totals& waiting, uint64_t) const { return waiting[0] == 0; }

  totals round(const graph_view& g, const totals&, communicator& all) {
    if (!std::exchange(ordered, true)) begin_order(g, all);
    fresh.assign(size_t(g.size()), 0);
    for (uint32_t steps = 0; !ready.empty(); ++steps) {
      if (steps % 4096 == 0) interruption::point();
      auto v = ready.back();
      ready.pop_back();
      color[v] = choose(g, v);
      fresh[size_t(v)] = 1;
      --left;
      g.for_each_neighbor(v, [&](int32_t u) { settle_before(v, u); });
    }
    broadcast_changed(
        color, g, all, [&](int32_t v) { return fresh[size_t(v)]; },
        [&](int32_t mirror, int32_t) {
          for (auto v : beside->of(mirror)) settle_before(mirror, v);
        });
    return {left};
  }

  headway so_far(const graph_view& g, const totals& waiting, uint64_t) const { return {g.total_nodes() - waiting[0], g.total_nodes(), std::to_string(waiting[0]) + " nodes left"}; }

 private:
  void begin_order(const graph_view& g, communicator& all) {
    order = vertex_array<place>{g, place{}};
    for_each_own(g, [&](int32_t v) { order[v] = {g.out(v).size() + g.in(v).size(), g.body().keys->hash_of(v)}; });
    broadcast(order, g, all);
    before.assign(size_t(g.size()), 0);
    for_each_own(g, [&](int32_t v) {
      g.for_each_neighbor(v, [&](int32_t u) { before[size_t(v)] += u != v && order[u] < order[v]; });
    });
    for (int32_t v = 0; v < g.size(); ++v)
      if (g.live(v) && before[size_t(v)] == 0) ready.push_back(v);
    beside.emplace(g);
  }

  /// v has a colour now: one edge less for u to wait for, where u comes after v.
  void settle_before(int32_t v, int32_t u) {
    if (u >= 0 && u != v && order[v] < order[u] && --before[size_t(u)] == 0) ready.push_back(u);
  }

  /// Neighbors that have a colour are those before it.
  int32_t choose(const graph_view& g, int32_t v) {
    used.assign(size_t(order[v].degree) + 1, 0);
    g.for_each_neighbor(v, [&](int32_t u) {
      if (color[u] >= 0 && size_t(color[u]) < used.size()) used[size_t(color[u])] = 1;
    });
    return int32_t(std::find(used.begin(), used.end(), 0) - used.begin());
  }
};

}  // namespace gli
