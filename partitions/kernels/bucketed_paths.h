#pragma once
// Shortest paths inside of a partition: nodes wait in bands of distance, the nearest band is looked at until nothing falls into it any more. Each thread
// has bands of its own; what falls into the band at hand it looks at itself, without waiting for the others, as long as that is little. Distances are minima,
// so the order does not show. O(m · times that a node comes nearer). [Meyer, Sanders: Δ-stepping, 2003; Zhang et al.: Optimizing Ordered Graph
// Algorithms with GraphIt, 2020 (bucket fusion)]

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <limits>
#include <vector>

#include <tbb/enumerable_thread_specific.h>

#include "partitions/kernels/edge_weights.h"
#include "partitions/kernels/vertex_bits.h"
#include "partitions/kernels/weighted_lists.h"

namespace gli {

/// Lengths of paths as numbers without a sign in the same order, and the edges that add to them. Here bits of doubles.
struct real_lengths {
  using bits = uint64_t;
  static constexpr bits unreached = std::bit_cast<bits>(std::numeric_limits<double>::infinity());
  static bits plus(bits d, double w) { return std::bit_cast<bits>(number(d) + w); }
  static double number(bits d) { return std::bit_cast<double>(d); }

  explicit real_lengths(const edge_weights& weights) : weights_{&weights} {}
  double mean() const { return weights_->mean(); }
  template <class F> void for_each_edge(const graph_view& g, int32_t v, F&& f) const { for_each_weighted_forward(g, *weights_, v, f); }
  void prefetch(int32_t) const {}
  void prefetch_list(int32_t) const {}

 private:
  const edge_weights* weights_;
};

/// Whole numbers of half the width, where no path is as long as `unreached`.
struct whole_numbers {
  using bits = uint32_t;
  static constexpr bits unreached = std::numeric_limits<bits>::max();
  static bits plus(bits d, uint32_t w) { return d + w; }
  static double number(bits d) { return d == unreached ? std::numeric_limits<double>::infinity() : double(d); }
};

struct whole_lengths : whole_numbers {
  whole_lengths(const weighted_lists& lists, double mean) : lists_{&lists}, mean_{mean} {}
  double mean() const { return mean_; }
  template <class F> void for_each_edge(const graph_view&, int32_t v, F&& f) const {
    for (auto [u, w] : lists_->of(v)) f(u, w);
  }
  void prefetch(int32_t v) const { lists_->prefetch(v); }
  void prefetch_list(int32_t v) const { lists_->prefetch_list(v); }

 private:
  const weighted_lists* lists_;
  double mean_;
};

/// Every edge counts 1.
struct hop_lengths : whole_numbers {
  explicit hop_lengths(const graph_view& g) : lists_{g.forward()} {}
  double mean() const { return 1; }
  template <class F> void for_each_edge(const graph_view&, int32_t v, F&& f) const {
    for (auto u : lists_.of(v)) f(u, 1);
  }
  void prefetch(int32_t v) const { lists_.prefetch(v); }
  void prefetch_list(int32_t v) const { lists_.prefetch_list(v); }

 private:
  adjacency lists_;
};

template <class Lengths>
class bucketed_paths {
 public:
  using bits = typename Lengths::bits;

  /// The graph, and what `lengths` points to, outlive it.
  bucketed_paths(const graph_view& g, const Lengths& lengths) : g_{g}, lengths_{lengths}, ends_{g}, nearer_mirrors_{g} {
    auto edges = double(g.body().out.edges) * (g.directed() ? 1 : 2);
    auto degree = std::max(1.0, edges / std::max<double>(1, double(g.nodes())));
    if (lengths.mean() > 0) bands_per_unit_ = degree / (lengths.mean() * band_width);
    find_ends();
  }

  /// Distances are those of some paths: own nodes and mirrors. They stay the same array from now on.
  void begin(vertex_array<bits>& distance) { distance_ = &distance; }

  /// Own nodes whose edges were not looked at since their distance got less.
  void add(const std::vector<int32_t>& nearer) {
    auto lowest = last_band;
    for (auto v : nearer) lowest = std::min(lowest, band_of((*distance_)[v]));
    if (lowest < base_) rebase(lowest);
    band_ = std::min(band_, lowest);
    for (auto v : nearer) put(threads_.local(), {v, (*distance_)[v]});
  }

  /// Mirrors that came nearer since whoever asked last cleared them.
  vertex_bits& nearer_mirrors() { return nearer_mirrors_; }

  /// Whether a node waits.
  bool waits() { return next_band(); }

  /// The end of so many bands from the nearest one on where a node waits. Infinity: none does.
  double horizon(uint64_t bands) { return next_band() ? double(band_ + bands) / bands_per_unit_ : std::numeric_limits<double>::infinity(); }

  /// Looks at the edges of all that waits in bands up to that of `limit`, and of what falls into them: lowers the distance of all that they lead to, mirrors too.
  void settle(double limit) {
    for (auto last = band_at(limit); next_band() && band_ <= last;)
      for (collect(); !front_.empty(); collect()) {
        alone_ = int64_t(front_.size()) <= grain || one_thread();
        parallel_ranges(int64_t(front_.size()), grain, [&](int64_t i, int64_t end) { look(threads_.local(), std::span{front_}.subspan(size_t(i), size_t(end - i))); });
      }
  }

 private:
  static constexpr double band_width = 1;       // mean weights over mean degree
  static constexpr int64_t grain = 64;
  static constexpr uint64_t window = 256;       // bands that are kept apart
  static constexpr size_t fused = 1000;         // nodes that a thread looks at alone, at most
  static constexpr uint64_t last_band = uint64_t{1} << 62;

  /// A node and its distance when it began to wait. Whoever came nearer since waits elsewhere with that distance.
  struct entry { int32_t node; bits distance; };

  /// A thread's nodes: near[i] of the band base_ + i, far of those beyond.
  struct waiting {
    std::array<std::vector<entry>, window> near;
    std::vector<entry> far, now;
  };

  uint64_t band_at(double distance) const { return uint64_t(int64_t(std::min(distance * bands_per_unit_, double(last_band)))); }
  uint64_t band_of(bits d) const { return band_at(Lengths::number(d)); }
  void put(waiting& to, entry e) const {
    auto i = band_of(e.distance) - base_;
    (i < window ? to.near[i] : to.far).push_back(e);
  }

  /// Nodes whose edges lead nowhere but back: they need not wait.
  void find_ends() {
    parallel_ranges(pages_of(g_.size()), 1, [&](int64_t p, int64_t end) {
      for (; p < end; ++p)
        for (auto [v, last] = page_vertices{p, g_.size()}; v < last; ++v)
          if (g_.directed() ? g_.out(v).empty() : g_.out(v).size() + g_.in(v).size() <= 1) ends_.set(v);
    });
  }

  void look(waiting& mine, std::span<const entry> nodes) {
    relax_all(mine, nodes);
    for (auto& more = mine.near[band_ - base_]; !more.empty() && more.size() < fused;) {
      mine.now.swap(more);
      relax_all(mine, mine.now);
      mine.now.clear();
    }
  }

  void relax_all(waiting& mine, std::span<const entry> nodes) {
    constexpr size_t places_ahead = 16, lists_ahead = 8;
    for (size_t i = 0; i < nodes.size(); ++i) {
      if (i + places_ahead < nodes.size()) lengths_.prefetch(nodes[i + places_ahead].node);
      if (i + lists_ahead < nodes.size()) lengths_.prefetch_list(nodes[i + lists_ahead].node);
      relax(mine, nodes[i]);
    }
  }

  void relax(waiting& mine, entry at) {
    if (std::atomic_ref{(*distance_)[at.node]}.load(std::memory_order_relaxed) != at.distance) return;
    lengths_.for_each_edge(g_, at.node, [&](int32_t u, auto w) {
      auto to = Lengths::plus(at.distance, w);
      if (!lower(u, to)) return;
      if (u < 0) note(u);
      else if (!ends_[u]) put(mine, {u, to});
    });
  }

  void note(int32_t mirror) {
    if (alone_) nearer_mirrors_.set(mirror);
    else nearer_mirrors_.set_shared(mirror);
  }

  bool lower(int32_t u, bits to) {
    std::atomic_ref known{(*distance_)[u]};
    auto before = known.load(std::memory_order_relaxed);
    if (alone_ && to < before) return known.store(to, std::memory_order_relaxed), true;
    while (to < before)
      if (known.compare_exchange_weak(before, to, std::memory_order_relaxed)) return true;
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

  /// Goes on to the nearest band where a node waits. false: none does.
  bool next_band() {
    for (; band_ < base_ + window; ++band_)
      if (std::any_of(threads_.begin(), threads_.end(), [&](auto& t) { return !t.near[band_ - base_].empty(); })) return true;
    auto nearest = last_band;
    bool found = false;
    for (auto& t : threads_)
      for (auto e : t.far)
        if (!is_stale(e)) nearest = std::min(nearest, band_of(e.distance)), found = true;
    rebase(found ? nearest : 0);
    return found;
  }

  bool is_stale(entry e) const { return (*distance_)[e.node] != e.distance; }

  /// Makes `base` the first of the bands that are kept apart.
  void rebase(uint64_t base) {
    std::vector<entry> all;
    for (auto& t : threads_) {
      auto take = [&](std::vector<entry>& from) {
        all.insert(all.end(), from.begin(), from.end());
        from.clear();
      };
      std::for_each(t.near.begin(), t.near.end(), take);
      take(t.far);
    }
    base_ = band_ = base;
    for (auto e : all)
      if (!is_stale(e)) put(threads_.local(), e);
  }

  const graph_view& g_;
  Lengths lengths_;
  vertex_bits ends_, nearer_mirrors_;
  vertex_array<bits>* distance_ = nullptr;
  double bands_per_unit_ = 1;
  uint64_t base_ = 0, band_ = 0;  // the first that is kept apart, and the one at hand
  std::vector<entry> front_;
  bool alone_ = true;  // no other thread writes distances
  tbb::enumerable_thread_specific<waiting> threads_;
};

}  // namespace gli
