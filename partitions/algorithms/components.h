#pragma once
// Weakly connected components: union-find inside the partition, then labels of the sets that other partitions share until none gets smaller. Each label, a
// global id, is that of one node of the component; the answer is the component's smallest key. O(n + m) and as many rounds as components wind
// through partitions.

#include <algorithm>
#include <array>
#include <vector>

#include "partitions/headway.h"
#include "partitions/kernels/union_find.h"
#include "partitions/mirror_exchange.h"

namespace gli {

struct connected_components {
  static constexpr const char* name = "connected_components";
  using totals = std::array<uint64_t, 1>;  // boundary nodes with a new label

  union_find sets;
  std::vector<uint64_t> best;     // by -id-1 of a mirror that is a root: the smallest label known in its set
  vertex_array<uint64_t> shown;   // by boundary node and mirror: the label last sent or received
  std::vector<int32_t> boundary;  // own nodes that other partitions mirror
  std::vector<uint8_t> fresh;     // by own node: its label is to be sent

  explicit connected_components(const graph_view& g) : sets{connected_sets(g)}, best(size_t(g.mirrors()), ~uint64_t{0}) {}

  totals begin(const graph_view& g) {
    fresh.assign(size_t(g.size()), 0);
    for (auto& peer : g.peers())
      for (auto v : peer.exported) fresh[size_t(v)] = 1;
    for (int32_t v = 0; v < g.size(); ++v)
      if (fresh[size_t(v)]) boundary.push_back(v);
    if (boundary.empty() && g.mirrors() == 0) return {0};
    shown = vertex_array<uint64_t>{g, ~uint64_t{0}};
    detail::for_each_own(g, [&](int32_t v) { lower(sets.root(v), global_id(g, v)); });
    return announce(g);
  }

  bool done(const totals& changed, uint64_t) const { return changed[0] == 0; }

  totals round(const graph_view& g, const totals&, communicator& all) {
    broadcast_changed(
        shown, g, all, [&](int32_t v) { return fresh[size_t(v)]; }, [&](int32_t mirror, uint64_t label) { lower(sets.root(mirror), label); });
    return announce(g);
  }

  /// Of an own node or mirror. A set without mirrors is a whole component, and its root its first node.
  uint64_t label(const graph_view& g, int32_t v) const {
    auto root = sets.root(v);
    return root < 0 ? best[size_t(~root)] : global_id(g, root);
  }

  /// By root, as smallest_keys() wants them.
  vertex_array<uint64_t> labels(const graph_view& g) const {
    vertex_array<uint64_t> made{g, ~uint64_t{0}};
    for (int32_t m = -g.mirrors(); m < 0; ++m) made[m] = best[size_t(~m)];
    detail::for_each_own(g, [&](int32_t v) { made[v] = global_id(g, v); });
    return made;
  }

  /// Components whose label is one of the partition's nodes.
  uint64_t count(const graph_view& g) const {
    return parallel_sum<uint64_t>(g.size(), vertices_per_page, [&](int64_t i, int64_t end) {
      uint64_t found = 0;
      for (auto v = int32_t(i); v < end; ++v) found += g.live(v) && label(g, v) == global_id(g, v);
      return found;
    });
  }

  static uint64_t global_id(const graph_view& g, int32_t own) { return uint64_t{g.partition()} << 32 | uint64_t(own); }
  headway so_far(const graph_view&, const totals& changed, uint64_t rounds) const { return {rounds, 0, std::to_string(changed[0]) + " labels at borders changed"}; }

 private:
  /// Any number of threads.
  void lower(int32_t root, uint64_t label) {
    if (root >= 0) return;
    std::atomic_ref known{best[size_t(~root)]};
    auto before = known.load(std::memory_order_relaxed);
    while (label < before && !known.compare_exchange_weak(before, label, std::memory_order_relaxed)) {}
  }

  /// Marks the boundary nodes whose label got smaller since it was last sent, and counts them.
  totals announce(const graph_view& g) {
    uint64_t changed = 0;
    for (auto v : boundary) {
      auto now = label(g, v);
      fresh[size_t(v)] = now != shown[v];
      shown[v] = now;
      changed += fresh[size_t(v)];
    }
    return {changed};
  }
};

}  // namespace gli
