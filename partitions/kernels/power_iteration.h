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

/// Divides `made` by `norm`. Returns the L1 distance from x, over live own nodes of all partitions. Collective.
inline double distance_between(const graph_view& g, std::vector<double>& made, const std::vector<double>& x, communicator& all, double norm = 1) {
  auto largest = largest_of(largest_own(g, [&](int32_t v) { return std::abs((made[size_t(v)] /= norm) - x[size_t(v)]); }), all);
  return exact_total(g, all, largest, [&](int32_t v) { return std::abs(made[size_t(v)] - x[size_t(v)]); });
}

/// made[v] = of(v, sum) >= 0 for live own nodes, on all cores, of the sums that an exact_vector has. Returns the largest over all partitions. Collective.
template <class Sums, class F>
double fill_own(const graph_view& g, std::vector<double>& made, communicator& all, Sums&& sums, F&& of) {
  return largest_of(largest_in(g, [&](int32_t v, int32_t end, auto&& found) {
    sums(v, end, [&](int32_t u, double sum) {
      if (g.live(u)) found(made[size_t(u)] = of(u, sum));
    });
  }), all);
}

/// The root of the sum of squares, or the sum; 1 instead of 0. `largest` is the largest of x over all partitions. Collective.
inline double norm_l2(const graph_view& g, const std::vector<double>& x, double largest, communicator& all) {
  auto norm = std::sqrt(exact_total(g, all, largest * largest, [&](int32_t v) { return x[size_t(v)] * x[size_t(v)]; }));
  return norm > 0 ? norm : 1;
}
inline double norm_l1(const graph_view& g, const std::vector<double>& x, double largest, communicator& all) {
  auto norm = exact_total(g, all, largest, [&](int32_t v) { return x[size_t(v)]; });
  return norm > 0 ? norm : 1;
}

/// Calls next(x, made), which returns by what made is to be divided, until the change is below tol. Returns the rounds; failure{convergence} with the
/// change reached. Collective.
template <class Next>
uint64_t iterate(const char* name, const graph_view& g, const stopping_rule& rule, communicator& all, std::vector<double>& x, Next&& next) {
  if (g.total_nodes() == 0) return 0;
  auto limit = rule.per_node ? rule.tol * double(g.total_nodes()) : rule.tol;
  double change = 0;
  std::vector<double> made(x.size());
  for (uint64_t rounds = 1; rounds <= rule.max_iter; ++rounds) {
    auto norm = next(x, made);
    auto before = std::exchange(change, distance_between(g, made, x, all, norm));
    x.swap(made);
    if (change < limit) return rounds;
    tell(all, name, rounds, {rounds, rounds_until(limit, before, change, rounds, rule.max_iter), residual(change)});
  }
  throw failure{errc::convergence, std::string{name} + " did not converge to tol = " + to_string(value{rule.tol}) + " in " + std::to_string(rule.max_iter) +
                                       " rounds: the last changed the values by " + to_string(value{change}) + " in all"};
}

}  // namespace gli
