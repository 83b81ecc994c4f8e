#pragma once
// PageRank, pull form. Nodes without out-edges spread their rank evenly; ranks sum to 1. O(n + m) a round. [Page et al. 1999]
//
// Every sum is exact, so that the bytes are the same for any number of threads and partitions: ranks and shares are integers on the grid 2^-62
// (partitions/exact_sum.h), or, in single precision, ranks are doubles and shares floats on the grid 2^-52, whose sums a double holds.

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "partitions/exact_sum.h"
#include "partitions/headway.h"
#include "partitions/kernels/pull.h"
#include "partitions/mirror_exchange.h"
#include "runtime/error.h"

namespace gli {

/// 16 bytes a node, 62 bits below the point.
struct grid_ranks {
  using rank = uint64_t;
  using share = uint64_t;
  static rank from(uint64_t grid) { return grid; }
  static uint64_t grid(rank r) { return r; }
  static share part(rank r, int32_t degree) { return grid_divide(r, uint64_t(degree)); }
  static rank damped(double, uint64_t damping, uint64_t arriving) { return grid_multiply(damping, arriving); }
  using distances = uint64_t;
  static uint64_t distance(rank a, rank b) { return grid_distance(a, b); }
  static uint64_t grid_sum(uint64_t distances) { return distances; }
  static double number(rank r) { return from_grid(r); }
};

/// Half of the memory that is read in any order. A share below 2^-28 keeps what the grid 2^-52 does, others 24 bits: both fit in a float.
struct single_ranks {
  using rank = double;
  using share = float;
  static rank from(uint64_t grid) { return from_grid(grid); }
  static uint64_t grid(rank r) { return to_grid(r); }
  static share part(rank r, int32_t degree) { return float((r / double(degree) + 1) - 1); }
  static rank damped(double alpha, uint64_t, double arriving) { return alpha * arriving; }
  using distances = double;  // on the grid 2^-51, so that sums below 4 are exact
  static double distance(rank a, rank b) { return (std::abs(a - b) + 2) - 2; }
  static uint64_t grid_sum(double distances) { return to_grid(distances / 4) * 4; }
  static double number(rank r) { return r; }
};

template <class Ranks>
struct pagerank {
  static constexpr const char* name = "pagerank";
  using rank_type = typename Ranks::rank;
  using totals = std::array<uint64_t, 2>;  // rank of the sinks, L1 change of the last round; on the grid

  double alpha = 0.85, tol = 1e-6;  // tol: L1 change per node
  uint64_t max_iter = 100;
  std::optional<uint64_t> iterations;  // exactly so many rounds (LDBC); else NetworkX's rule: change < n · tol within max_iter rounds

  std::vector<rank_type> rank;                      // own
  vertex_array<typename Ranks::share> share, next;  // rank / out-degree, of the last round and the one being made; own and mirrors
  uint64_t n = 0, damping = 0;
  double change = 0, before = 0;  // of the last round, and of the one before it

  totals begin(const graph_view& g) {
    n = g.total_nodes();
    damping = to_grid(alpha);
    rank.assign(size_t(g.size()), 0);
    share = next = vertex_array<typename Ranks::share>{g, 0};
    auto lists = g.forward();
    auto even = Ranks::from(n ? grid_divide(grid_one, n) : 0);
    return totals_of(parallel_sum<sums>(pages_of(g.size()), 1, [&](int64_t p, int64_t end) {
      sums s;
      for (; p < end; ++p) settle(g, page_vertices{p, g.size()}, lists.page(p).off, [&](int32_t) { return even; }, s);
      return s;
    }));
  }

  totals round(const graph_view& g, const totals& last, communicator& all) {
    broadcast(share, g, all);
    auto everywhere = Ranks::from(grid_divide(grid_one - damping + grid_multiply(damping, last[0]), n));
    return totals_of(pull<sums>(g, share, [&](page_vertices at, const auto* arriving, const uint32_t* off, sums& s) {
      settle(g, at, off, [=, alpha = alpha, damping = damping](int32_t k) { return everywhere + Ranks::damped(alpha, damping, arriving[k]); }, s);
    }));
  }

  bool done(const totals& last, uint64_t rounds) {
    before = std::exchange(change, rounds > 0 ? from_grid(last[1]) : 0);
    if (n == 0) return true;
    if (iterations) return rounds == *iterations;
    if (rounds > 0 && change < double(n) * tol) return true;
    if (rounds < max_iter) return false;
    throw failure{errc::convergence, "pagerank did not converge to tol = " + to_string(value{tol}) + " in " + std::to_string(max_iter) +
                                         " rounds: the last changed the ranks by " + to_string(value{change / double(n)}) + " per node"};
  }

  double of(int32_t own) const { return Ranks::number(rank[size_t(own)]); }
  headway so_far(const graph_view&, const totals&, uint64_t rounds) const {
    auto expected = iterations ? *iterations : rounds_until(double(n) * tol, before, change, rounds, max_iter);
    return {rounds, expected, rounds ? residual(change) : ""};
  }

 private:
  struct sums {
    uint64_t sinks = 0, change = 0;
    void operator+=(const sums& other) { sinks += other.sinks, change += other.change; }
  };

  /// Of a page's nodes the new ranks, rank_of(k) of the kth, and the share of each that its out-edges will carry.
  template <class RankOf>
  void settle(const graph_view& g, page_vertices at, const uint32_t* off, RankOf&& rank_of, sums& s) {
    if (g.all_live()) return settle_run(at.first, at.last - at.first, off, rank_of, s);
    for (auto v = at.first; v < at.last; ++v)
      if (g.live(v)) settle_run(v, 1, off + (v - at.first), [&](int32_t) { return rank_of(v - at.first); }, s);
  }

  /// Loops of one step each, so that compilers take many nodes at once.
  template <class RankOf>
  void settle_run(int32_t first, int32_t count, const uint32_t* off, RankOf&& rank_of, sums& s) {
    std::array<rank_type, vertices_per_page> made;
    std::array<typename Ranks::distances, 4> change{};
    auto* known = rank.data() + first;
    auto* shares = &next[first];
    for (int32_t k = 0; k < count; ++k) made[size_t(k)] = rank_of(k);
    auto replace = [&](int32_t k, size_t lane) { change[lane] += Ranks::distance(made[size_t(k)], std::exchange(known[k], made[size_t(k)])); };
    int32_t done = 0;
    for (; done + 4 <= count; done += 4)
      for (int32_t i = 0; i < 4; ++i) replace(done + i, size_t(i));
    for (; done < count; ++done) replace(done, 0);
    for (int32_t k = 0; k < count; ++k) {
      auto degree = int32_t(off[k + 1] - off[k]);
      auto part = Ranks::part(made[size_t(k)], std::max(degree, 1));
      shares[k] = degree == 0 ? 0 : part;
    }
    for (int32_t k = 0; k < count; ++k)
      if (off[k + 1] == off[k]) s.sinks += Ranks::grid(made[size_t(k)]);
    s.change += Ranks::grid_sum((change[0] + change[1]) + (change[2] + change[3]));
  }

  totals totals_of(const sums& s) {
    std::swap(share, next);
    return {s.sinks, s.change};
  }
};

}  // namespace gli
