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
  zeroed_array<uint64_t> best;          // by -id-1 of a mirror that is a root: the smallest label known in its set, all bits flipped; 0: none
  zeroed_vertex_array<uint64_t> shown;  // by speaker: the label last sent or received, likewise
  std::vector<int32_t> speakers;        // at borders: own nodes that are not settled, and what stands for the settled ones
  vertex_bits fresh;                    // speakers whose label is to be sent

  connected_components(const graph_view& g, communicator& all) : joined{connect(g, all)}, best{size_t(g.mirrors())}, shown{g}, fresh{g} {}

  totals begin(const graph_view& g) {
    if (g.mirrors() == 0) return {0};
    find_speakers();
    for_each_named(g, [&](int32_t v) { lower(v, ~global_id(g, v)); });
    return announce(g);
  }

  bool done(const totals& changed, uint64_t) const { return changed[0] == 0; }

  totals round(const graph_view& g, const totals&, communicator& all) {
    auto is_fresh = [&](int32_t v) { return fresh[v]; };
    auto heard = [&](int32_t v, uint64_t flipped) { lower(v, flipped); };
    gather_changed(shown, joined.borders, all, is_fresh, heard);
    broadcast_changed(shown, joined.borders, all, is_fresh, heard);
    return announce(g);
  }

  /// Of an own node. A set without mirrors is a whole component, and its root its first node.
  uint64_t label(const graph_view& g, int32_t v) const { return ~flipped(g, v); }

  /// Components whose label is one of the partition's nodes.
  uint64_t count(const graph_view& g) const {
    std::atomic<uint64_t> found = 0;
    auto look = [&](int32_t v) { found += g.live(v) && label(g, v) == global_id(g, v); };
    for_each_named(g, look);
    if (g.size() == 0) return 0;
    auto root = joined.sets.root(joined.first);  // names the settled ones when they have no mirrors
    if (root >= 0 && root != joined.first && joined.settled[root]) look(root);
    return found;
  }

  static uint64_t global_id(const graph_view& g, int32_t own) { return uint64_t{g.partition()} << 32 | uint64_t(own); }
  headway so_far(const graph_view&, const totals& changed, uint64_t rounds) const { return {rounds, 0, std::to_string(changed[0]) + " labels at borders changed"}; }

 private:
  uint64_t flipped(const graph_view& g, int32_t v) const {
    auto root = joined.sets.root(v);
    return root < 0 ? best[size_t(~root)] : ~global_id(g, root);
  }

  /// Calls f, on any number of threads, for one of the settled nodes, which are one set, and for all others.
  template <class F>
  void for_each_named(const graph_view& g, F&& f) const {
    if (g.size() > 0) f(joined.first);
    parallel_ranges(pages_of(g.size()), 1, [&](int64_t p, int64_t end) {
      for (; p < end; ++p) {
        page_vertices page{p, g.size()};
        joined.settled.for_each_other(page.first, page.last, f);
      }
    });
  }

  /// Any number of threads.
  void lower(int32_t v, uint64_t flipped) {
    auto root = joined.sets.root(v);
    if (root >= 0) return;
    std::atomic_ref known{best[size_t(~root)]};
    auto before = known.load(std::memory_order_relaxed);
    while (flipped > before && !known.compare_exchange_weak(before, flipped, std::memory_order_relaxed)) {}
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
      auto now = flipped(g, v);
      if (now == shown[v]) fresh.clear(v);
      else fresh.set(v), ++changed;
      shown[v] = now;
    }
    return {changed};
  }
};

}  // namespace gli
