#pragma once
// PageRank, pull form. Nodes without out-edges spread their rank evenly; ranks sum to 1. O(n + m) a round. [Page et al. 1999]
//
// Ranks are integers on the grid 2^-62 (partitions/exact_sum.h): the same bytes for any number of threads and partitions.

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "partitions/exact_sum.h"
#include "partitions/kernels/pull.h"
#include "partitions/mirror_exchange.h"
#include "runtime/error.h"

namespace gli {

struct pagerank {
  static constexpr const char* name = "pagerank";
  using totals = std::array<uint64_t, 2>;  // rank of the sinks, L1 change of the last round; on the grid

  double alpha = 0.85, tol = 1e-6;  // tol: L1 change per node
  uint64_t max_iter = 100;
  std::optional<uint64_t> iterations;  // exactly so many rounds (LDBC); else NetworkX's rule: change < n · tol within max_iter rounds

  std::vector<uint64_t> rank;          // own
  vertex_array<uint64_t> share, next;  // rank / out-degree, of the last round and the one being made; own and mirrors
  uint64_t n = 0, damping = 0;
  double change = 0;

  totals begin(const graph_view& g) {
    n = g.total_nodes();
    damping = to_grid(alpha);
    rank.assign(size_t(g.size()), 0);
    share = next = vertex_array<uint64_t>{g, 0};
    auto own = parallel_sum<sums>(g.size(), vertices_per_page, [&](int64_t v, int64_t end) {
      sums s;
      for (; v < end; ++v)
        if (g.live(int32_t(v))) settle(int32_t(v), grid_divide(grid_one, n), g.forward_degree(int32_t(v)), s);
      return s;
    });
    return totals_of(own);
  }

  totals round(const graph_view& g, const totals& last, communicator& all) {
    broadcast(share, g, all);
    auto everywhere = grid_divide(grid_one - damping + grid_multiply(damping, last[0]), n);
    auto own = pull<sums>(g, share, [&](int32_t v, uint64_t arriving, uint64_t degree, sums& s) {
      settle(v, everywhere + grid_multiply(damping, arriving), degree, s);
    });
    return totals_of(own);
  }

  bool done(const totals& last, uint64_t rounds) {
    change = rounds > 0 ? from_grid(last[1]) : 0;
    if (n == 0) return true;
    if (iterations) return rounds == *iterations;
    if (rounds > 0 && change < double(n) * tol) return true;
    if (rounds < max_iter) return false;
    throw failure{errc::convergence, "pagerank did not converge to tol = " + to_string(value{tol}) + " in " + std::to_string(max_iter) +
                                         " rounds: the last changed the ranks by " + to_string(value{change / double(n)}) + " per node"};
  }

  uint64_t rounds_expected() const { return iterations.value_or(0); }

 private:
  struct sums {
    uint64_t sinks = 0, change = 0;
    void operator+=(const sums& other) { sinks += other.sinks, change += other.change; }
  };

  /// The node's new rank, and the share of it that each of its out-edges will carry.
  void settle(int32_t v, uint64_t r, uint64_t degree, sums& s) {
    s.change += grid_distance(r, rank[size_t(v)]);
    rank[size_t(v)] = r;
    if (degree == 0) s.sinks += r;
    next[v] = degree == 0 ? 0 : grid_divide(r, degree);
  }

  totals totals_of(const sums& s) {
    std::swap(share, next);
    return {s.sinks, s.change};
  }
};

}  // namespace gli
