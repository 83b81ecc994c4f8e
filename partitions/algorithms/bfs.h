#pragma once
// Breadth-first search: hops from the nearest of some sources along the edges, against them, or both ways. Level by level: small ones top-down, where
// mirrors that a level reaches go to their owners; large ones bottom-up, where owners tell their mirrors who is in the frontier. O(n + m), one exchange
// a level. [Moore 1959; Beamer, Asanović, Patterson: Direction-Optimizing Breadth-First Search, 2012]

#include <array>
#include <optional>
#include <vector>

#include "partitions/headway.h"
#include "partitions/kernels/pull_level.h"
#include "partitions/kernels/push.h"
#include "partitions/kernels/tight_edges.h"

namespace gli {

struct bfs {
  static constexpr const char* name = "bfs";
  using totals = std::array<uint64_t, 2>;  // nodes first reached by the last round, and about how many edges lead on from them

  std::vector<int32_t> sources;  // own ids of those that are this partition's
  bool reverse = false, undirected = false;
  const tight_edges* along = nullptr;  // these edges only, forward
  std::optional<uint64_t> depth_limit;

  vertex_array<int32_t> depth;    // own and mirrors; -1: not reached
  vertex_queue frontier, next;    // top-down
  vertex_bits met;                // mirrors that the level being made reached top-down
  vertex_bits front, pending, found;  // bottom-up: the last level, own nodes not reached, the level being made
  bool bottom_up = false;
  std::vector<uint64_t> reached;  // in the whole graph, by depth
  uint64_t unreached = 0;         // in the whole graph
  uint64_t edges_left = 0;        // in the whole graph: not yet looked at top-down

  totals begin(const graph_view& g) {
    depth = vertex_array<int32_t>{g, -1};
    frontier.reset(g.size());
    next.reset(g.size());
    met = vertex_bits{g};
    unreached = g.total_nodes();
    edges_left = g.total_edges() * (both_ways(g) ? 2 : 1);
    choose_lists(g);
    for (auto v : sources)
      if (std::exchange(depth[v], 0) < 0) frontier.push(v);
    return found_top_down(g);
  }

  bool done(const totals& last, uint64_t rounds) {
    if (last[0] == 0) return true;
    reached.push_back(last[0]);
    unreached -= last[0];
    return unreached == 0 || (depth_limit && rounds == *depth_limit);
  }

  totals round(const graph_view& g, const totals& last, communicator& all) {
    choose_direction(g, last);
    return bottom_up ? pull(g, all) : push(g, all);
  }

  headway so_far(const graph_view& g, const totals& last, uint64_t) const { return {g.total_nodes() - unreached, g.total_nodes(), "frontier of " + std::to_string(last[0]) + " nodes"}; }

  /// Calls f(u) for each that v may have been reached from.
  template <class F>
  void for_each_before(const graph_view& g, int32_t v, F&& f) const {
    if (along) along->for_each_backward(g, v, f);
    else back_.for_each(v, f);
  }

 private:
  edge_lists onward_, back_;     // of a node the edges that lead on from it, and those by which it may be reached
  uint64_t frontier_edges_ = 0;  // of this partition, about

  void choose_lists(const graph_view& g) {
    adjacency out{g.body().out.directory}, in{g.body().in.directory};
    if (!both_ways(g)) return void((onward_ = edge_lists{reverse ? in : out}, back_ = edge_lists{reverse ? out : in}));
    onward_ = back_ = edges_at(g);
  }

  bool both_ways(const graph_view& g) const { return undirected || !g.directed(); }
  int32_t level() const { return int32_t(reached.size()); }  // that is being made

  /// Bottom-up from where a frontier has more than a 15th of the edges left, until it shrinks below an 18th of the nodes. The same on all partitions.
  void choose_direction(const graph_view& g, const totals& last) {
    auto [nodes, edges] = last;
    if (!bottom_up) {
      bottom_up = !along && edges > edges_left / 15;
      edges_left -= std::min(edges_left, edges);
      if (bottom_up) begin_bottom_up(g);
    } else if (nodes < reached[reached.size() - 2] && nodes < g.total_nodes() / 18) {
      bottom_up = false;
      begin_top_down(g);
    }
  }

  // --- top-down ---------------------------------------------------------------------------------------------------------------

  totals push(const graph_view& g, communicator& all) {
    next.clear();
    expand(g);
    if (g.mirrors()) met.assign_mirrors(g.mirrors(), [&](int32_t m) { return depth[m] == level(); });
    gather_bits(met, g, all, [&](int32_t own) {
      if (depth[own] >= 0) return;
      depth[own] = level();
      next.push(own);
    });
    frontier.swap(next);
    return found_top_down(g);
  }

  void expand(const graph_view& g) {
    if (!along) return push_level(frontier.items(), frontier_edges_, depth, level(), next, onward_);
    push_level(frontier.items(), depth, level(), next, [&](int32_t v, auto&& f) { along->for_each_forward(g, v, f); });
  }

  totals found_top_down(const graph_view& g) {
    auto nodes = frontier.items();
    frontier_edges_ = along ? 0 : edges_from(g, nodes);
    return {nodes.size(), frontier_edges_};
  }
  uint64_t edges_from(const graph_view& g, std::span<const int32_t> nodes) const {
    if (nodes.size() > size_t(g.size()) / 16) return nodes.size() * edges_of_all(g) / g.nodes();
    return parallel_sum<uint64_t>(int64_t(nodes.size()), 2048, [&](int64_t i, int64_t end) {
      uint64_t sum = 0;
      for (; i < end; ++i) sum += onward_.degree(nodes[size_t(i)]);
      return sum;
    });
  }
  uint64_t edges_of_all(const graph_view& g) const {
    auto out = g.body().out.edges, in = g.body().in.edges;
    return both_ways(g) ? out + in : reverse ? in : out;
  }

  void begin_top_down(const graph_view& g) {
    frontier.clear();
    for_each_page(g, [&](int64_t p) {
      vertex_queue::writer to{frontier};
      for (int64_t w = 0; w < vertex_bits::words_per_page; ++w)
        for (auto left = front.page(p)[w]; left; left &= left - 1) to.push(int32_t(p * vertices_per_page + w * 64 + std::countr_zero(left)));
    });
  }

  // --- bottom-up --------------------------------------------------------------------------------------------------------------

  totals pull(const graph_view& g, communicator& all) {
    broadcast_bits(front, g, all, [&](int32_t m) {
      if (depth[m] < 0) depth[m] = level() - 1;
    });
    auto count = pull_level(g, back_, front, pending, found, depth, level());
    std::swap(front, found);
    return {count, 0};
  }

  void begin_bottom_up(const graph_view& g) {
    front = pending = found = vertex_bits{g};
    for_each_page(g, [&](int64_t p) {
      for (auto [v, last] = page_vertices{p, g.size()}; v < last; ++v)
        if (depth[v] < 0 ? g.live(v) : depth[v] == level() - 1) (depth[v] < 0 ? pending : front).set(v);
    });
  }

  template <class F>
  static void for_each_page(const graph_view& g, F&& f) {
    parallel_ranges(pages_of(g.size()), 4, [&](int64_t p, int64_t end) {
      for (; p < end; ++p) f(p);
    });
  }
};

}  // namespace gli
