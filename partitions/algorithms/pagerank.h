#pragma once
// PageRank, pull form. Nodes without out-edges spread their rank evenly; ranks sum to 1. O(n + m) a round. [Page et al. 1999]
//
// Every sum is exact, so that the bytes are the same for any number of threads and partitions: ranks and shares are integers on the grid 2^-62
// (partitions/exact_sum.h), or, in single precision, ranks are doubles and shares floats on the grid 2^-52, whose sums a double holds.

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
  static share part(rank r, uint64_t degree) { return grid_divide(r, degree); }
  static rank damped(double, uint64_t damping, uint64_t arriving) { return grid_multiply(damping, arriving); }
  static uint64_t distance(rank a, rank b) { return grid_distance(a, b); }
  static double number(rank r) { return from_grid(r); }
};

/// Half of the memory that is read in any order. A share below 2^-28 keeps what the grid 2^-52 does, others 24 bits: both fit in a float.
struct single_ranks {
  using rank = double;
  using share = float;
  static rank from(uint64_t grid) { return from_grid(grid); }
  static uint64_t grid(rank r) { return to_grid(r); }
  static share part(rank r, uint64_t degree) { return float((r / double(int64_t(degree)) + 1) - 1); }
  static rank damped(double alpha, uint64_t, double arriving) { return alpha * arriving; }
  static uint64_t distance(rank a, rank b) { return to_grid(std::abs(a - b)); }
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
    auto own = parallel_sum<sums>(g.size(), vertices_per_page, [&](int64_t v, int64_t end) {
      sums s;
      for (; v < end; ++v)
        if (g.live(int32_t(v))) settle(int32_t(v), Ranks::from(grid_divide(grid_one, n)), g.forward_degree(int32_t(v)), s);
      return s;
    });
    return totals_of(own);
  }

  totals round(const graph_view& g, const totals& last, communicator& all) {
    broadcast(share, g, all);
    auto everywhere = Ranks::from(grid_divide(grid_one - damping + grid_multiply(damping, last[0]), n));
    auto own = pull<sums>(g, share, [&](int32_t v, auto arriving, uint64_t degree, sums& s) {
      settle(v, everywhere + Ranks::damped(alpha, damping, arriving), degree, s);
    });
    return totals_of(own);
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

  /// The node's new rank, and the share of it that each of its out-edges will carry.
  void settle(int32_t v, rank_type r, uint64_t degree, sums& s) {
    s.change += Ranks::distance(r, rank[size_t(v)]);
    rank[size_t(v)] = r;
    if (degree == 0) s.sinks += Ranks::grid(r);
    next[v] = degree == 0 ? 0 : Ranks::part(r, degree);
  }

  totals totals_of(const sums& s) {
    std::swap(share, next);
    return {s.sinks, s.change};
  }
};

}  // namespace gli
