#pragma once
// A maximal independent set: the one that a walk through the nodes by the hash of their keys takes greedily. A node joins once all its neighbors before it
// in that order have stayed out. Directions do not matter; nodes with self-loops never join. O(m) in all, O(log n) rounds as expected for a random order.
// [Luby 1986; Blelloch, Fineman, Shun 2012]

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "partitions/headway.h"
#include "partitions/kernels/key_labels.h"
#include "partitions/kernels/mirror_neighbors.h"
#include "partitions/parallel.h"

namespace gli {

struct independent_set {
  static constexpr const char* name = "maximal_independent_set";
  using totals = std::array<uint64_t, 1>;  // nodes that are not decided
  enum state : uint8_t { open, in, out };

  vertex_array<hash128> order;
  vertex_array<uint8_t> decided;  // own and mirrors
  std::vector<int32_t> waiting;   // own, open
  bool ordered = false;

  totals begin(const graph_view& g) {
    decided = vertex_array<uint8_t>{g, open};
    for (int32_t v = 0; v < g.size(); ++v)
      if (!g.live(v) || has_loop(g, v)) decided[v] = out;
      else waiting.push_back(v);
    return {waiting.size() + 1};  // those with loops are to be told
  }
  bool done(const totals& left, uint64_t) const { return left[0] == 0; }

  totals round(const graph_view& g, const totals&, communicator& all) {
    if (!std::exchange(ordered, true)) order = key_labels<hash128>(g, all);
    broadcast(decided, g, all);
    std::vector<uint8_t> next(waiting.size());
    parallel_ranges(int64_t(waiting.size()), 256, [&](int64_t i, int64_t end) {
      for (; i < end; ++i) next[size_t(i)] = decide(g, waiting[size_t(i)]);
    });
    std::vector<int32_t> still;
    for (size_t i = 0; i < next.size(); ++i)
      if ((decided[waiting[i]] = next[i]) == open) still.push_back(waiting[i]);
    waiting.swap(still);
    return {waiting.size()};
  }

  headway so_far(const graph_view& g, const totals& left, uint64_t) const { return {g.total_nodes() - left[0], g.total_nodes(), std::to_string(left[0]) + " nodes left"}; }

 private:
  static bool has_loop(const graph_view& g, int32_t v) {
    auto list = g.out(v);
    return std::binary_search(list.begin(), list.end(), v);
  }
  uint8_t decide(const graph_view& g, int32_t v) const {
    bool first = true, beside_one = false;
    g.for_each_neighbor(v, [&](int32_t u) {
      if (u == v) return;
      beside_one |= decided[u] == in;
      first &= decided[u] == out || order[v] < order[u];
    });
    return beside_one ? out : first ? in : open;
  }
};

}  // namespace gli
