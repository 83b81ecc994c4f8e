#pragma once
// Breadth-first search: hops from the nearest of some sources along the edges, against them, or both ways. Level by level; mirrors that a level
// reaches go to their owners. O(n + m), one exchange a level. [Moore 1959]

#include <array>
#include <optional>
#include <vector>

#include "partitions/kernels/push.h"
#include "partitions/kernels/tight_edges.h"
#include "partitions/mirror_exchange.h"

namespace gli {

struct bfs {
  static constexpr const char* name = "bfs";
  using totals = std::array<uint64_t, 1>;  // nodes first reached by the last round

  std::vector<int32_t> sources;  // own ids of those that are this partition's
  bool reverse = false, undirected = false;
  const tight_edges* along = nullptr;  // these edges only, forward
  std::optional<uint64_t> depth_limit;

  vertex_array<int32_t> depth;  // own and mirrors; -1: not reached
  vertex_queue frontier, next;
  std::vector<uint64_t> reached;  // in the whole graph, by depth
  uint64_t unreached = 0;         // in the whole graph

  totals begin(const graph_view& g) {
    depth = vertex_array<int32_t>{g, -1};
    frontier.reset(g.size());
    next.reset(g.size());
    unreached = g.total_nodes();
    for (auto v : sources)
      if (std::exchange(depth[v], 0) < 0) frontier.push(v);
    return {frontier.items().size()};
  }

  bool done(const totals& last, uint64_t rounds) {
    if (last[0] == 0) return true;
    reached.push_back(last[0]);
    unreached -= last[0];
    return unreached == 0 || (depth_limit && rounds == *depth_limit);
  }

  totals round(const graph_view& g, const totals&, communicator& all) {
    auto level = int32_t(reached.size());
    next.clear();
    expand(g, level);
    gather_changed(
        depth, g, all, [&](int32_t mirror) { return depth[mirror] == level; },
        [&](int32_t own, int32_t) {
          if (depth[own] >= 0) return;
          depth[own] = level;
          next.push(own);
        });
    frontier.swap(next);
    return {frontier.items().size()};
  }

  uint64_t rounds_expected() const { return 0; }

  /// Calls f(u) for each that v may have been reached from.
  template <class F>
  void for_each_before(const graph_view& g, int32_t v, F&& f) const {
    if (along) along->for_each_backward(g, v, f);
    else if (undirected || !g.directed()) g.for_each_neighbor(v, f);
    else if (reverse) g.for_each_forward(v, f);
    else g.for_each_backward(v, f);
  }

 private:
  void expand(const graph_view& g, int32_t level) {
    if (along)
      push_level(frontier.items(), depth, level, next, [&](int32_t v, auto&& f) { along->for_each_forward(g, v, f); });
    else if (undirected || !g.directed())
      push_level(frontier.items(), depth, level, next, [&](int32_t v, auto&& f) { g.for_each_neighbor(v, f); });
    else if (reverse)
      push_level(frontier.items(), depth, level, next, [&](int32_t v, auto&& f) { g.for_each_backward(v, f); });
    else
      push_level(frontier.items(), depth, level, next, [&](int32_t v, auto&& f) { g.for_each_forward(v, f); });
  }
};

}  // namespace gli
