#pragma once
// Shortest paths from a source over weights that are not negative. Inside of a partition near nodes are settled before far ones, a band of distances at a
// time, until nothing gets nearer; then mirrors that did go to their owners. Distances are minima of sums along paths, so every order finds the same bytes.
// O(m · bands that a node falls in). [Dijkstra 1959; Meyer, Sanders 2003; Davidson et al. 2014]

#include <array>
#include <atomic>
#include <bit>
#include <limits>
#include <optional>
#include <vector>

#include <tbb/enumerable_thread_specific.h>

#include "partitions/kernels/edge_weights.h"
#include "partitions/mirror_exchange.h"

namespace gli {

struct sssp {
  static constexpr const char* name = "sssp";
  using totals = std::array<uint64_t, 1>;  // nodes that came nearer
  static constexpr uint64_t unreached = std::bit_cast<uint64_t>(std::numeric_limits<double>::infinity());

  std::optional<int32_t> source;        // own id, where the source is this partition's
  std::optional<edge_weights> weights;  // none: every edge counts 1
  double band = 1;

  vertex_array<uint64_t> distance;  // own and mirrors: bits of doubles, which are in the order of the numbers
  std::vector<uint64_t> relaxed;    // own: the distance with which its edges were looked at last
  std::vector<uint64_t> told;       // by -id-1: the distance last sent to the owner
  std::vector<int32_t> near;        // own nodes to begin with

  totals begin(const graph_view& g) {
    distance = vertex_array<uint64_t>{g, unreached};
    relaxed.assign(size_t(g.size()), unreached);
    told.assign(size_t(g.mirrors()), unreached);
    if (weights && weights->mean() > 0) band = weights->mean();
    if (source) {
      distance[*source] = 0;
      near.push_back(*source);
    }
    return {near.size()};
  }
  bool done(const totals& nearer, uint64_t) const { return nearer[0] == 0; }

  totals round(const graph_view& g, const totals&, communicator& all) {
    settle_inside(g);
    near.clear();
    gather_changed(
        distance, g, all, [&](int32_t m) { return distance[m] < told[size_t(~m)]; },
        [&](int32_t own, uint64_t d) {
          if (d >= distance[own]) return;
          distance[own] = d;
          near.push_back(own);
        });
    for (int32_t m = -g.mirrors(); m < 0; ++m) told[size_t(~m)] = distance[m];
    return {near.size()};
  }

  double of(int32_t own) const { return std::bit_cast<double>(distance[own]); }
  uint64_t rounds_expected() const { return 0; }

 private:
  /// Nodes on their way, by thread.
  struct lists { std::vector<int32_t> near, far; };
  using all_lists = tbb::enumerable_thread_specific<lists>;

  bool is_pending(int32_t v) const { return distance[v] < relaxed[size_t(v)]; }

  void settle_inside(const graph_view& g) {
    std::vector<int32_t> far;
    auto reach = nearest(near) + band;
    split(near, far, reach);
    for (;;) {
      while (!near.empty()) relax_all(g, far, reach);
      std::erase_if(far, [&](int32_t v) { return !is_pending(v); });
      if (far.empty()) return;
      reach = nearest(far) + band;
      split(far, near, reach, true);
    }
  }

  double nearest(const std::vector<int32_t>& nodes) const {
    auto least = unreached;
    for (auto v : nodes) least = std::min(least, distance[v]);
    return std::bit_cast<double>(least);
  }

  /// Moves those within reach, or those beyond it, from one list to the other.
  void split(std::vector<int32_t>& from, std::vector<int32_t>& to, double reach, bool within = false) const {
    auto moves = [&](int32_t v) { return (of(v) <= reach) == within; };
    std::copy_if(from.begin(), from.end(), std::back_inserter(to), moves);
    std::erase_if(from, moves);
  }

  /// Looks along the edges of all near nodes; near is then what they brought within reach.
  void relax_all(const graph_view& g, std::vector<int32_t>& far, double reach) {
    all_lists found;
    parallel_ranges(int64_t(near.size()), 64, [&](int64_t i, int64_t end) {
      auto& mine = found.local();
      for (; i < end; ++i) relax(g, near[size_t(i)], mine, reach);
    });
    near.clear();
    for (auto& mine : found) {
      near.insert(near.end(), mine.near.begin(), mine.near.end());
      far.insert(far.end(), mine.far.begin(), mine.far.end());
    }
  }

  void relax(const graph_view& g, int32_t v, lists& found, double reach) {
    auto bits = std::atomic_ref{distance[v]}.load(std::memory_order_relaxed);
    if (std::atomic_ref{relaxed[size_t(v)]}.exchange(bits, std::memory_order_relaxed) <= bits) return;
    auto d = std::bit_cast<double>(bits);
    auto along = [&](int32_t u, double w) {
      if (auto to = d + w; lower(u, std::bit_cast<uint64_t>(to)) && u >= 0) (to <= reach ? found.near : found.far).push_back(u);
    };
    if (weights) for_each_weighted_forward(g, *weights, v, along);
    else g.for_each_forward(v, [&](int32_t u) { along(u, 1); });
  }

  bool lower(int32_t u, uint64_t bits) {
    std::atomic_ref known{distance[u]};
    auto before = known.load(std::memory_order_relaxed);
    while (bits < before)
      if (known.compare_exchange_weak(before, bits, std::memory_order_relaxed)) return true;
    return false;
  }
};

}  // namespace gli
