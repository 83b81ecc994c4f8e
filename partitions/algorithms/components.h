#pragma once
// Weakly connected components: sets inside the partition, then labels of those that other partitions share until none gets smaller. Each label, a global id, is
// that of one node of the component; the answer is the component's smallest key. O(n + m) and as many rounds as components wind through partitions.

#include <algorithm>
#include <array>
#include <vector>

#include "partitions/headway.h"
#include "partitions/kernels/connected_sets.h"
#include "partitions/mirror_exchange.h"

namespace gli {

struct connected_components {
  static constexpr const char* name = "connected_components";
  using totals = std::array<uint64_t, 1>;  // labels to be told

  connected_sets joined;
  std::vector<uint64_t> best;     // by -id-1 of a mirror that is a root: the smallest label known in its set
  vertex_array<uint64_t> shown;   // by vertex at a border: the label last sent or received
  std::vector<int32_t> speakers;  // own nodes at borders, and the mirrors that stand for their owners' settled ones
  vertex_bits fresh;              // speakers whose label is to be sent

  connected_components(const graph_view& g, communicator& all) : joined{connect(g, all)}, best(size_t(g.mirrors()), ~uint64_t{0}), fresh{g} {}

  totals begin(const graph_view& g) {
    if (g.mirrors() == 0) return {0};
    find_speakers();
    shown = vertex_array<uint64_t>{g, ~uint64_t{0}};
    for_each_own(g, [&](int32_t v) { lower(v, global_id(g, v)); });
    return announce(g);
  }

  bool done(const totals& changed, uint64_t) const { return changed[0] == 0; }

  totals round(const graph_view& g, const totals&, communicator& all) {
    auto is_fresh = [&](int32_t v) { return fresh[v]; };
    auto heard = [&](int32_t v, uint64_t label) { lower(v, label); };
    gather_changed(shown, joined.borders, all, is_fresh, heard);
    broadcast_changed(shown, joined.borders, all, is_fresh, heard);
    return announce(g);
  }

  /// Of an own node or mirror. A set without mirrors is a whole component, and its root its first node.
  uint64_t label(const graph_view& g, int32_t v) const {
    auto root = joined.sets.root(v);
    return root < 0 ? best[size_t(~root)] : global_id(g, root);
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
  void lower(int32_t v, uint64_t label) {
    auto root = joined.sets.root(v);
    if (root >= 0) return;
    std::atomic_ref known{best[size_t(~root)]};
    auto before = known.load(std::memory_order_relaxed);
    while (label < before && !known.compare_exchange_weak(before, label, std::memory_order_relaxed)) {}
  }

  void find_speakers() {
    for (auto& peer : joined.borders) {
      speakers.insert(speakers.end(), peer.exported.begin(), peer.exported.end());
      for (auto m : peer.mirrors)
        if (joined.settled[m]) speakers.push_back(m);
    }
    std::sort(speakers.begin(), speakers.end());
    speakers.erase(std::unique(speakers.begin(), speakers.end()), speakers.end());
  }

  /// Marks the speakers whose label got smaller since it was last sent or received, and counts them.
  totals announce(const graph_view& g) {
    uint64_t changed = 0;
    for (auto v : speakers) {
      auto now = label(g, v);
      if (now == shown[v]) fresh.clear(v);
      else fresh.set(v), ++changed;
      shown[v] = now;
    }
    return {changed};
  }
};

}  // namespace gli
