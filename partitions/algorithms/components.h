#pragma once
// Weakly connected components: union-find inside the partition, then labels of boundary nodes until none gets smaller. Each label, a global
// id, is that of one node of the component; the answer is the component's smallest key. O(n + m) and as many rounds as components wind
// through partitions.

#include <algorithm>
#include <array>
#include <vector>

#include "partitions/kernels/union_find.h"
#include "partitions/mirror_exchange.h"

namespace gli {

struct connected_components {
  static constexpr const char* name = "connected_components";
  using totals = std::array<uint64_t, 1>;  // boundary nodes with a new label

  union_find sets;
  vertex_array<uint64_t> best;    // by root: the smallest label known in its set
  vertex_array<uint64_t> shown;   // by boundary node and mirror: the label last sent or received
  std::vector<int32_t> boundary;  // own nodes that other partitions mirror
  std::vector<uint8_t> fresh;     // by own node: its label is to be sent

  explicit connected_components(const graph_view& g)
      : sets{connected_sets(g)}, best{g, ~uint64_t{0}}, shown{g, ~uint64_t{0}}, fresh(size_t(g.size())) {}

  totals begin(const graph_view& g) {
    for (int32_t v = g.size(); v-- > 0;) best[sets.root(v)] = global_id(g, v);
    for (auto& peer : g.peers()) boundary.insert(boundary.end(), peer.exported.begin(), peer.exported.end());
    std::sort(boundary.begin(), boundary.end());
    boundary.erase(std::unique(boundary.begin(), boundary.end()), boundary.end());
    return announce();
  }

  bool done(const totals& changed, uint64_t) const { return changed[0] == 0; }

  totals round(const graph_view& g, const totals&, communicator& all) {
    auto received = [&](int32_t mirror, uint64_t label) {
      auto& known = best[sets.root(mirror)];
      known = std::min(known, label);
    };
    broadcast_changed(
        shown, g, all, [&](int32_t v) { return fresh[size_t(v)]; }, received);
    return announce();
  }

  /// Components whose label is one of the partition's nodes.
  uint64_t count(const graph_view& g) const {
    return parallel_sum<uint64_t>(g.size(), vertices_per_page, [&](int64_t i, int64_t end) {
      uint64_t found = 0;
      for (auto v = int32_t(i); v < end; ++v) found += g.live(v) && best[sets.root(v)] == global_id(g, v);
      return found;
    });
  }

  static uint64_t global_id(const graph_view& g, int32_t own) { return uint64_t{g.partition()} << 32 | uint64_t(own); }
  uint64_t rounds_expected() const { return 0; }

 private:
  /// Marks the boundary nodes whose label got smaller since it was last sent, and counts them.
  totals announce() {
    uint64_t changed = 0;
    for (auto v : boundary) {
      auto label = best[sets.root(v)];
      fresh[size_t(v)] = label != shown[v];
      shown[v] = label;
      changed += fresh[size_t(v)];
    }
    return {changed};
  }
};

}  // namespace gli
