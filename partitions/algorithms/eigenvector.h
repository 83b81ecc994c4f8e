#pragma once
// Eigenvector, Katz and HITS centrality by power iteration, as NetworkX has them. Sums are exact (partitions/kernels/exact_vector.h): the same bytes for
// any number of threads and partitions. O(m) a round. [Bonacich 1972; Katz 1953; Kleinberg 1999]

#include "partitions/kernels/power_iteration.h"

namespace gli {

/// A node's value is in proportion to the sum of its predecessors'. One more of itself each round, so that bipartite graphs settle.
struct eigenvector_centrality {
  static constexpr const char* name = "eigenvector_centrality";
  stopping_rule rule{1e-6, 100, true};
  const edge_weights* weights = nullptr;
  std::vector<double> x;

  uint64_t run(const graph_view& g, communicator& all) {
    auto largest = 1 / double(std::max<uint64_t>(1, g.total_nodes()));
    x.assign(size_t(g.size()), largest);
    exact_vector seen{g, weights};
    return iterate(name, g, rule, all, x, [&](const std::vector<double>& last, std::vector<double>& made) {
      seen.publish(g, all, largest, [&](int32_t v) { return last[size_t(v)]; });
      largest = fill_own(g, made, all, seen.entering(g), [&](int32_t v, double sum) { return last[size_t(v)] + sum; });
      auto norm = norm_l2(g, made, largest, all);
      largest /= norm;
      return norm;
    });
  }
};

/// beta for being there, and alpha times the predecessors' values.
struct katz_centrality {
  static constexpr const char* name = "katz_centrality";
  double alpha = 0.1, beta = 1;
  bool normalized = true;
  stopping_rule rule{1e-6, 1000, true};
  const edge_weights* weights = nullptr;
  std::vector<double> x;

  uint64_t run(const graph_view& g, communicator& all) {
    x.assign(size_t(g.size()), 0);
    exact_vector seen{g, weights};
    double largest = 0;
    auto rounds = iterate(name, g, rule, all, x, [&](const std::vector<double>& last, std::vector<double>& made) {
      if (largest > 1e100) throw failure{errc::convergence, "katz_centrality grows without end: alpha must be below 1 / the largest eigenvalue"};
      seen.publish(g, all, largest, [&](int32_t v) { return last[size_t(v)]; });
      largest = fill_own(g, made, all, seen.entering(g), [&](int32_t, double sum) { return alpha * sum + beta; });
      return 1;
    });
    if (!normalized) return rounds;
    auto norm = norm_l2(g, x, largest, all);
    for (auto& value : x) value /= norm;
    return rounds;
  }
};

/// Good hubs point to good authorities. Both sum to 1.
struct hits {
  static constexpr const char* name = "hits";
  stopping_rule rule{1e-8, 100, false};
  std::vector<double> hubs, authorities;

  uint64_t run(const graph_view& g, communicator& all) {
    auto largest = 1 / double(std::max<uint64_t>(1, g.total_nodes()));
    hubs.assign(size_t(g.size()), largest);
    authorities.assign(size_t(g.size()), 0);
    exact_vector seen{g, nullptr};
    return iterate(name, g, rule, all, hubs, [&](const std::vector<double>& last, std::vector<double>& made) {
      seen.publish(g, all, largest, [&](int32_t v) { return last[size_t(v)]; });
      largest = fill_own(g, authorities, all, seen.entering(g), [](int32_t, double sum) { return sum; });
      auto norm = norm_l1(g, authorities, largest, all);
      seen.publish(g, all, largest / norm, [&](int32_t v) { return authorities[size_t(v)] /= norm; });
      largest = fill_own(g, made, all, seen.leaving(g), [](int32_t, double sum) { return sum; });
      norm = norm_l1(g, made, largest, all);
      largest /= norm;
      return norm;
    });
  }
};

}  // namespace gli
