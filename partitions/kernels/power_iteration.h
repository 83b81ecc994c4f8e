#pragma once
// Values of own nodes that rounds make anew until they hardly change: what eigenvector, Katz and HITS centrality and weighted PageRank have in common.

#include <string>
#include <utility>
#include <vector>

#include "partitions/headway.h"
#include "partitions/kernels/exact_vector.h"
#include "runtime/error.h"

namespace gli {

struct stopping_rule {
  double tol;         // L1 change
  uint64_t max_iter;
  bool per_node;      // tol is for each node
};

/// The L1 distance of two vectors over live own nodes of all partitions. Collective.
inline double distance_between(const graph_view& g, const std::vector<double>& a, const std::vector<double>& b, communicator& all) {
  return exact_total(g, all, [&](int32_t v) { return std::abs(a[size_t(v)] - b[size_t(v)]); });
}

/// Unless by 0.
inline void divide(std::vector<double>& x, double by) {
  if (!(by > 0)) return;
  parallel_ranges(int64_t(x.size()), 1 << 13, [&](int64_t i, int64_t end) {
    for (; i < end; ++i) x[size_t(i)] /= by;
  });
}

/// Divides by the root of the sum of squares, unless that is 0. Collective.
inline void normalize_l2(const graph_view& g, std::vector<double>& x, communicator& all) {
  divide(x, std::sqrt(exact_total(g, all, [&](int32_t v) { return x[size_t(v)] * x[size_t(v)]; })));
}

inline void normalize_l1(const graph_view& g, std::vector<double>& x, communicator& all) {
  divide(x, exact_total(g, all, [&](int32_t v) { return x[size_t(v)]; }));
}

/// Calls next(x, made) until the change is below tol. Returns the rounds; failure{convergence} with the change reached. Collective.
template <class Next>
uint64_t iterate(const char* name, const graph_view& g, const stopping_rule& rule, communicator& all, std::vector<double>& x, Next&& next) {
  if (g.total_nodes() == 0) return 0;
  auto limit = rule.per_node ? rule.tol * double(g.total_nodes()) : rule.tol;
  double change = 0;
  std::vector<double> made(x.size());
  for (uint64_t rounds = 1; rounds <= rule.max_iter; ++rounds) {
    next(x, made);
    auto before = std::exchange(change, distance_between(g, made, x, all));
    x.swap(made);
    if (change < limit) return rounds;
    tell(all, name, rounds, {rounds, rounds_until(limit, before, change, rounds, rule.max_iter), residual(change)});
  }
  throw failure{errc::convergence, std::string{name} + " did not converge to tol = " + to_string(value{rule.tol}) + " in " + std::to_string(rule.max_iter) +
                                       " rounds: the last changed the values by " + to_string(value{change}) + " in all"};
}

/// made[v] = of(v) for live own nodes, on all cores.
template <class F>
void fill_own(const graph_view& g, std::vector<double>& made, F&& of) {
  parallel_ranges(g.size(), vertices_per_page, [&](int64_t v, int64_t end) {
    for (; v < end; ++v) made[size_t(v)] = g.live(int32_t(v)) ? of(int32_t(v)) : 0;
  });
}

}  // namespace gli
