#pragma once
// Shortest paths inside of a partition: nodes wait in bands of distance, the nearest band is looked at until nothing falls into it any more. Each thread
// has bands of its own; what falls into the band at hand it looks at itself, without waiting for the others, as long as that is little. Distances are minima,
// so the order does not show. O(m · times that a node comes nearer). [Meyer, Sanders: Δ-stepping, 2003; Zhang et al.: Optimizing Ordered Graph
// Algorithms with GraphIt, 2020 (bucket fusion)]

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <vector>

#include <tbb/enumerable_thread_specific.h>

#include "partitions/kernels/edge_weights.h"
#include "partitions/kernels/vertex_bits.h"

namespace gli {

class bucketed_paths {
 public:
  /// weights: null: every edge counts 1. Both outlive it.
  bucketed_paths(const graph_view& g, const edge_weights* weights) : g_{g}, weights_{weights}, ends_{g} {
    auto edges = double(g.body().out.edges) * (g.directed() ? 1 : 2);
    auto mean = weights ? weights->mean() : 1, degree = std::max(1.0, edges / std::max<double>(1, double(g.nodes())));
    if (mean > 0) bands_per_unit_ = degree / (mean * band_width);
    find_ends();
  }

  /// Distances (bits of doubles) are those of some paths; `nearer` are own nodes whose edges were not looked at since theirs got less. Lowers the distance
  /// of all that they lead to, mirrors too, until no edge does.
  void settle(vertex_array<uint64_t>& distance, const std::vector<int32_t>& nearer) {
    distance_ = &distance;
    for (auto v : nearer) put(threads_.local(), v, distance[v]);
    while (next_band()) {
      while (!front_.empty()) {
        parallel_ranges(int64_t(front_.size()), 64, [&](int64_t i, int64_t end) { look(threads_.local(), std::span{front_}.subspan(size_t(i), size_t(end - i))); });
        collect();
      }
    }
  }

 private:
  static constexpr double band_width = 1;       // mean weights over mean degree
  static constexpr uint64_t window = 256;       // bands that are kept apart
  static constexpr size_t fused = 1000;         // nodes that a thread looks at alone, at most
  static constexpr uint64_t last_band = uint64_t{1} << 62;

  /// A thread's nodes: near[i] of the band base_ + i, far of those beyond. One that has come nearer since is where it was, too.
  struct waiting {
    std::array<std::vector<int32_t>, window> near;
    std::vector<int32_t> far, now;
  };

  uint64_t band_of(uint64_t bits) const { return uint64_t(std::min(std::bit_cast<double>(bits) * bands_per_unit_, double(last_band))); }
  void put(waiting& to, int32_t v, uint64_t bits) const {
    auto i = band_of(bits) - base_;
    (i < window ? to.near[i] : to.far).push_back(v);
  }

  /// Nodes whose edges lead nowhere but back: they need not wait.
  void find_ends() {
    parallel_ranges(pages_of(g_.size()), 1, [&](int64_t p, int64_t end) {
      for (; p < end; ++p)
        for (auto [v, last] = page_vertices{p, g_.size()}; v < last; ++v)
          if (g_.directed() ? g_.out(v).empty() : g_.out(v).size() + g_.in(v).size() <= 1) ends_.set(v);
    });
  }

  void look(waiting& mine, std::span<const int32_t> nodes) {
    for (auto v : nodes) relax(mine, v);
    for (auto& more = mine.near[band_ - base_]; !more.empty() && more.size() < fused;) {
      mine.now.swap(more);
      for (auto v : mine.now) relax(mine, v);
      mine.now.clear();
    }
  }

  void relax(waiting& mine, int32_t v) {
    auto bits = std::atomic_ref{(*distance_)[v]}.load(std::memory_order_relaxed);
    if (band_of(bits) < band_) return;  // looked at since
    auto d = std::bit_cast<double>(bits);
    auto along = [&](int32_t u, double w) {
      auto to = std::bit_cast<uint64_t>(d + w);
      if (lower(u, to) && u >= 0 && !ends_[u]) put(mine, u, to);
    };
    if (weights_) for_each_weighted_forward(g_, *weights_, v, along);
    else g_.for_each_forward(v, [&](int32_t u) { along(u, 1); });
  }

  bool lower(int32_t u, uint64_t bits) {
    std::atomic_ref known{(*distance_)[u]};
    auto before = known.load(std::memory_order_relaxed);
    while (bits < before)
      if (known.compare_exchange_weak(before, bits, std::memory_order_relaxed)) return true;
    return false;
  }

  /// Moves what waits in the band at hand to the front.
  void collect() {
    front_.clear();
    for (auto& t : threads_) {
      auto& from = t.near[band_ - base_];
      front_.insert(front_.end(), from.begin(), from.end());
      from.clear();
    }
  }

  /// Goes on to the nearest band where a node waits, and collects it. false: none does.
  bool next_band() {
    for (; band_ < base_ + window; ++band_)
      if (std::any_of(threads_.begin(), threads_.end(), [&](auto& t) { return !t.near[band_ - base_].empty(); })) {
        collect();
        return true;
      }
    return from_far();
  }

  bool from_far() {
    std::vector<int32_t> far;
    for (auto& t : threads_) {
      far.insert(far.end(), t.far.begin(), t.far.end());
      t.far.clear();
    }
    auto bits = [&](int32_t v) { return (*distance_)[v]; };
    std::erase_if(far, [&](int32_t v) { return band_of(bits(v)) < base_ + window; });  // looked at since
    std::sort(far.begin(), far.end());
    far.erase(std::unique(far.begin(), far.end()), far.end());
    auto nearest = far.empty() ? 0 : last_band;
    for (auto v : far) nearest = std::min(nearest, band_of(bits(v)));
    base_ = band_ = nearest;
    for (auto v : far) put(threads_.local(), v, bits(v));
    collect();
    return !far.empty();
  }

  const graph_view& g_;
  const edge_weights* weights_;
  vertex_bits ends_;
  vertex_array<uint64_t>* distance_ = nullptr;
  double bands_per_unit_ = 1;
  uint64_t base_ = 0, band_ = 0;  // the first that is kept apart, and the one at hand
  std::vector<int32_t> front_;
  tbb::enumerable_thread_specific<waiting> threads_;
};

}  // namespace gli
