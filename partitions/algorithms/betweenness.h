#pragma once
// Betweenness centrality by Brandes' algorithm, from several sources at a time: a level of nodes learns how many shortest paths lead to it from the level
// before, and on the way back what depends on it from the level behind. Both are pulled by the owner from its neighbors, so that no sum is split between
// partitions; what is summed is exact in any order. Parallel edges count once. O(n + m) a source. [Brandes 2001; GAP Benchmark Suite]

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include <tbb/enumerable_thread_specific.h>

#include "partitions/exact_sum.h"
#include "partitions/kernels/distinct_neighbors.h"
#include "partitions/kernels/mirror_neighbors.h"
#include "partitions/kernels/push.h"
#include "partitions/mirror_exchange.h"
#include "runtime/error.h"

namespace gli {

class betweenness {
 public:
  static constexpr const char* name = "betweenness_centrality";
  static constexpr int lanes = 4;
  using numbers = std::array<double, lanes>;

  betweenness(const graph_view& g, communicator& all)
      : g_{g}, lists_{g.forward()}, all_{all}, told_{g, {}}, mask_{g, 0}, seen_(size_t(g.size())), touched_(size_t(g.size())), sigma_(size_t(g.size())), delta_(size_t(g.size())),
        total_(size_t(g.size())) {
    if (g.mirrors() > 0) beside_.emplace(g);
    candidates_.reset(g.size());
  }

  /// Adds what depends on each node in the shortest paths from own nodes, everybody's. Collective.
  void search_from(const std::vector<int32_t>& own_sources) {
    std::vector<uint64_t> counts(all_.size());
    counts[all_.rank()] = own_sources.size();
    all_.all_reduce(counts, reduction::sum);
    uint64_t done = 0, sources = 0;
    for (auto c : counts) sources += c;
    for (uint32_t turn = 0; turn < all_.size(); ++turn)
      for (uint64_t first = 0; first < counts[turn]; first += lanes) {
        all_.progress(name, done, sources);
        level batch;
        for (uint8_t l = 0; turn == all_.rank() && l < lanes && first + l < own_sources.size(); ++l)
          batch.push_back({own_sources[size_t(first) + l], uint8_t(1 << l)});
        go(std::move(batch));
        done += std::min<uint64_t>(lanes, counts[turn] - first);
      }
  }

  /// The sum over the sources so far.
  double of(int32_t own) const { return double(total_[size_t(own)]) * 0x1p-60; }

 private:
  struct visit { int32_t node; uint8_t in; };  // in: the lanes that reach the node at this level
  using level = std::vector<visit>;
  struct told { numbers values{}; uint64_t in = 0; };  // values of lanes that are not in: 0

  void go(level sources) {
    std::fill(seen_.begin(), seen_.end(), uint8_t{0});
    for (auto [v, in] : sources) {
      seen_[size_t(v)] = in;
      for (int l = 0; l < lanes; ++l) sigma_[size_t(v)][size_t(l)] = in >> l & 1;
    }
    std::vector<level> levels;
    levels.push_back(std::move(sources));
    for (uint64_t reached = 1; reached > 0;) {
      publish(levels.back(), [&](int32_t v, size_t l) { return sigma_[size_t(v)][l]; });
      levels.push_back(next_level(levels.back()));
      reached = check(levels.back());
    }
    for (size_t d = levels.size() - 1; d-- > 1;) {
      finish(levels[d + 1]);
      publish(levels[d + 1], [&](int32_t v, size_t l) { return (1 + delta_[size_t(v)][l]) / sigma_[size_t(v)][l]; });
      parallel_ranges(int64_t(levels[d].size()), 64, [&](int64_t i, int64_t end) {
        for (; i < end; ++i) depend(levels[d][size_t(i)]);
      });
    }
    if (levels.size() > 1) finish(levels[1]);
    clear_masks();
  }

  // --- between partitions -----------------------------------------------------------------------------------------------------

  /// Makes a level the one that is told of: here and on the mirrors, of(node, lane).
  template <class F>
  void publish(const level& front, F&& of) {
    clear_masks();
    marked_.resize(front.size());
    for_each_index(front, [&](size_t i) {
      auto [v, in] = front[i];
      auto& t = told_[v] = {};
      t.in = mask_[v] = in;
      for (size_t l = 0; l < lanes; ++l)
        if (in >> l & 1) t.values[l] = of(v, l);
      marked_[i] = v;
    });
    broadcast_changed(
        told_, g_, all_, [&](int32_t v) { return mask_[v] != 0; },
        [&](int32_t m, const told& t) {
          mask_[m] = uint8_t(t.in);
          marked_.push_back(m);
        });
  }
  void clear_masks() {
    for_each_index(marked_, [&](size_t i) { mask_[marked_[i]] = 0; });
    marked_.clear();
  }

  /// Entries of a list of nodes that are there once, on all cores.
  template <class List, class F>
  static void for_each_index(const List& list, F&& f) {
    parallel_ranges(int64_t(list.size()), 1024, [&](int64_t i, int64_t end) {
      for (; i < end; ++i) f(size_t(i));
    });
  }

  /// How many nodes the level has, in the whole graph.
  uint64_t check(const level& found) {
    std::array<uint64_t, 2> totals{found.size(), parallel_sum<uint64_t>(int64_t(found.size()), 1024, [&](int64_t i, int64_t end) {
                                     uint64_t infinite = 0;
                                     for (; i < end; ++i)
                                       for (auto paths : sigma_[size_t(found[size_t(i)].node)]) infinite += std::isinf(paths);
                                     return infinite;
                                   })};
    all_.all_reduce(totals, reduction::sum);
    if (totals[1]) throw failure{errc::value, "betweenness_centrality: there are more shortest paths between two nodes than a float64 can count"};
    return totals[0];
  }

  // --- forward ----------------------------------------------------------------------------------------------------------------

  template <class F>
  void for_each_distinct(bool forward, int32_t v, F&& f) const {
    if (!g_.directed() && g_.body().kind.multi) return for_each_distinct_neighbor(g_, v, [&](int32_t u, int) { f(u); });
    if (!g_.directed()) {
      for (auto u : lists_.of(v)) f(u);
      return;
    }
    auto last = v;
    for (auto u : forward ? g_.out(v) : g_.in(v))
      if (std::exchange(last, u) != u) f(u);
  }

  level next_level(const level& front) {
    tbb::enumerable_thread_specific<level> found;
    auto look = [&](level& to, int32_t v) {
      if (auto in = reach(v)) to.push_back({v, in});
    };
    if (is_large(front))
      parallel_ranges(pages_of(g_.size()), 1, [&](int64_t p, int64_t end) {
        for (auto& to = found.local(); p < end; ++p)
          for (auto [v, last] = page_vertices{p, g_.size()}; v < last; ++v)
            if (seen_[size_t(v)] != (1 << lanes) - 1 && g_.live(v)) look(to, v);
      });
    else {
      touch();
      auto few = candidates_.items();
      parallel_ranges(int64_t(few.size()), 64, [&](int64_t i, int64_t end) {
        for (auto& to = found.local(); i < end; ++i) look(to, few[size_t(i)]);
      });
      for (auto v : few) touched_[size_t(v)] = 0;
      candidates_.clear();
    }
    level whole;
    for (auto& part : found) whole.insert(whole.end(), part.begin(), part.end());
    for_each_index(whole, [&](size_t i) { seen_[size_t(whole[i].node)] |= whole[i].in; });
    return whole;
  }

  bool is_large(const level& front) const {
    uint64_t edges = 0;
    for (auto [v, in] : front) edges += g_.out(v).size() + g_.in(v).size();
    return edges * 16 > g_.body().out.edges || marked_.size() > front.size() + size_t(g_.size()) / 16;
  }

  /// Own nodes beside those that are told of.
  void touch() {
    auto claim = [&](int32_t u) {
      if (u >= 0 && !std::exchange(touched_[size_t(u)], uint8_t{1})) candidates_.push(u);
    };
    for (auto v : marked_)
      if (v < 0) for (auto u : beside_->of(v)) claim(u);
      else std::ranges::for_each(lists_.of(v), claim);
  }

  /// The lanes that reach v from those told of, and by how many paths.
  uint8_t reach(int32_t v) {
    uint8_t in = 0;
    numbers paths{};
    for_each_distinct(false, v, [&](int32_t u) {
      if (!mask_[u]) return;
      in |= mask_[u];
      for (size_t l = 0; l < lanes; ++l) paths[l] += told_[u].values[l];
    });
    in = uint8_t(in & ~seen_[size_t(v)]);
    if (*std::max_element(paths.begin(), paths.end()) >= 0x1p53) paths = exact_sums(false, v);  // below, no sum of whole numbers was rounded
    for (size_t l = 0; l < lanes; ++l)
      if (in >> l & 1) sigma_[size_t(v)][l] = paths[l];
    return in;
  }

  // --- back -------------------------------------------------------------------------------------------------------------------

  void depend(visit at) {
    auto sums = exact_sums(true, at.node);
    for (size_t l = 0; l < lanes; ++l)
      if (at.in >> l & 1) delta_[size_t(at.node)][l] = sigma_[size_t(at.node)][l] * sums[l];
  }

  static double two_to(int exponent) { return std::bit_cast<double>(uint64_t(1023 + exponent) << 52); }

  /// By lane, of what the neighbors tell: each on a grid 62 bits below the largest, so that their order does not matter.
  numbers exact_sums(bool forward, int32_t v) const {
    numbers most{}, up, down;
    std::array<uint128, lanes> sums{};
    for_each_distinct(forward, v, [&](int32_t u) {
      for (size_t l = 0; mask_[u] && l < lanes; ++l) most[l] = std::max(most[l], told_[u].values[l]);
    });
    for (size_t l = 0; l < lanes; ++l) {
      auto exponent = std::clamp(int(std::bit_cast<uint64_t>(most[l]) >> 52) - 1022, -900, 1024);
      up[l] = two_to(62 - exponent), down[l] = two_to(exponent - 62);
    }
    for_each_distinct(forward, v, [&](int32_t u) {
      for (size_t l = 0; mask_[u] && l < lanes; ++l) sums[l] += uint64_t(int64_t(told_[u].values[l] * up[l]));
    });
    for (size_t l = 0; l < lanes; ++l) most[l] = std::isinf(most[l]) ? most[l] : double(sums[l]) * down[l];
    return most;
  }

  void finish(const level& done) {
    for_each_index(done, [&](size_t i) {
      auto [v, in] = done[i];
      for (size_t l = 0; l < lanes; ++l)
        if (in >> l & 1) total_[size_t(v)] += uint128(delta_[size_t(v)][l] * 0x1p60);
    });
  }

  const graph_view& g_;
  adjacency lists_;  // of edges that leave
  communicator& all_;
  std::optional<mirror_neighbors> beside_;
  vertex_array<told> told_;
  vertex_array<uint8_t> mask_;     // own and mirrors: lanes of the level that is told of
  std::vector<int32_t> marked_;    // those with a mask
  std::vector<uint8_t> seen_, touched_;
  vertex_queue candidates_;
  std::vector<numbers> sigma_, delta_;
  std::vector<uint128> total_;     // on the grid 2^-60
};

}  // namespace gli
