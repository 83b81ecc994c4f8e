#pragma once
// Closeness and harmonic centrality: how near all others are, along the edges that lead to a node. 64 nodes are searched from at a time, a bit each, so that
// an edge is looked at once for all of them. O(m · n / 64 · depth) words. [Sabidussi 1966; Marchiori, Latora 2000; Then et al. 2014]

#include <array>
#include <bit>
#include <vector>

#include "partitions/headway.h"
#include "partitions/mirror_exchange.h"

namespace gli {

struct distances_from_all {
  static constexpr const char* name = "closeness_centrality";
  static constexpr int lanes = 64;
  using totals = std::array<uint64_t, lanes>;  // by bit: nodes that the last round reached

  std::vector<uint64_t> reached, sum;  // own: how many nodes reach it, itself not counted; their distances in all
  std::vector<double> harmonic;        // own: sum of 1 / distance

  uint32_t ranks = 1;
  std::vector<uint64_t> sizes;  // own ids of every partition
  vertex_array<uint64_t> front; // own and mirrors: reached by the last round
  std::vector<uint64_t> seen, next;  // own
  uint32_t turn_of = 0;         // whose nodes are searched from
  int64_t first = -lanes;       // the first of them
  uint64_t depth = 0, batches = 0, done_batches = 0;

  /// Collective.
  void prepare(const graph_view& g, communicator& all) {
    ranks = all.size();
    sizes.assign(ranks, 0);
    sizes[all.rank()] = uint64_t(g.size());
    all.all_reduce(sizes, reduction::sum);
    for (auto s : sizes) batches += (s + lanes - 1) / lanes;
  }

  totals begin(const graph_view& g) {
    reached.assign(size_t(g.size()), 0);
    sum.assign(size_t(g.size()), 0);
    harmonic.assign(size_t(g.size()), 0);
    front = vertex_array<uint64_t>{g, 0};
    seen.assign(size_t(g.size()), 0);
    next.assign(size_t(g.size()), 0);
    return {};
  }
  bool done(const totals& last, uint64_t rounds) {
    bool over = std::all_of(last.begin(), last.end(), [](auto n) { return n == 0; });
    fresh = over;
    if (rounds > 0 && over) ++done_batches;
    return over && done_batches >= batches;
  }

  totals round(const graph_view& g, const totals& last, communicator& all) {
    if (fresh) begin_batch(g);
    else note(g, last);
    ++depth;
    broadcast(front, g, all);
    return step(g);
  }

  headway so_far(const graph_view&, const totals&, uint64_t) const { return {done_batches, batches, ""}; }

 private:
  bool mine(const graph_view& g) const { return turn_of == g.partition(); }

  void begin_batch(const graph_view& g) {
    for (first += lanes; first >= int64_t(sizes[turn_of]); first = 0) ++turn_of;
    depth = 0;
    std::fill(seen.begin(), seen.end(), 0);
    for (int32_t v = 0; v < g.size(); ++v) front[v] = 0;
    for (int bit = 0; mine(g) && bit < lanes && first + bit < g.size(); ++bit)
      if (auto v = int32_t(first + bit); g.live(v)) front[v] = seen[size_t(v)] = uint64_t{1} << bit;
  }

  /// What the last round reached counts for the nodes that were searched from.
  void note(const graph_view& g, const totals& last) {
    for (int bit = 0; mine(g) && bit < lanes && first + bit < g.size(); ++bit) {
      auto v = size_t(first + bit);
      reached[v] += last[size_t(bit)];
      sum[v] += last[size_t(bit)] * depth;
      harmonic[v] += double(last[size_t(bit)]) / double(depth);
    }
  }

  struct counts {
    totals by_bit{};
    void operator+=(const counts& other) {
      for (size_t i = 0; i < by_bit.size(); ++i) by_bit[i] += other.by_bit[i];
    }
  };

  /// Against the edges: whoever has an edge to what was reached is reached.
  totals step(const graph_view& g) {
    auto found = parallel_sum<counts>(pages_of(g.size()), 1, [&](int64_t p, int64_t end) {
      counts c;
      for (; p < end; ++p)
        for (auto [v, last] = page_vertices{p, g.size()}; v < last; ++v) next[size_t(v)] = reach(g, v, c.by_bit);
      return c;
    });
    for (int32_t v = 0; v < g.size(); ++v) {
      front[v] = next[size_t(v)];
      seen[size_t(v)] |= next[size_t(v)];
    }
    return found.by_bit;
  }
  uint64_t reach(const graph_view& g, int32_t v, totals& by_bit) const {
    if (!g.live(v)) return 0;
    uint64_t bits = 0;
    g.for_each_forward(v, [&](int32_t u) { bits |= front[u]; });
    bits &= ~seen[size_t(v)];
    for (auto left = bits; left; left &= left - 1) ++by_bit[size_t(std::countr_zero(left))];
    return bits;
  }

  bool fresh = true;
};

}  // namespace gli
