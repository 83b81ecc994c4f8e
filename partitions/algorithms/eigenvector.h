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
    x.assign(size_t(g.size()), 1 / double(std::max<uint64_t>(1, g.total_nodes())));
    exact_vector seen{g};
    return iterate(name, g, rule, all, x, [&](const std::vector<double>& last, std::vector<double>& made) {
      seen.publish(g, all, [&](int32_t v) { return last[size_t(v)]; });
      fill_own(g, made, [&](int32_t v) { return last[size_t(v)] + seen.entering(g, v, weights); });
      normalize_l2(g, made, all);
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
    exact_vector seen{g};
    auto rounds = iterate(name, g, rule, all, x, [&](const std::vector<double>& last, std::vector<double>& made) {
      seen.publish(g, all, [&](int32_t v) { return last[size_t(v)]; });
      if (seen.largest() > 1e100) throw failure{errc::convergence, "katz_centrality grows without end: alpha must be below 1 / the largest eigenvalue"};
      fill_own(g, made, [&](int32_t v) { return alpha * seen.entering(g, v, weights) + beta; });
    });
    if (normalized) normalize_l2(g, x, all);
    return rounds;
  }
};

/// Good hubs point to good authorities. Both sum to 1.
struct hits {
  static constexpr const char* name = "hits";
  stopping_rule rule{1e-8, 100, false};
  std::vector<double> hubs, authorities;

  uint64_t run(const graph_view& g, communicator& all) {
    hubs.assign(size_t(g.size()), 1 / double(std::max<uint64_t>(1, g.total_nodes())));
    authorities.assign(size_t(g.size()), 0);
    exact_vector seen{g};
    auto rounds = iterate(name, g, rule, all, hubs, [&](const std::vector<double>& last, std::vector<double>& made) {
      seen.publish(g, all, [&](int32_t v) { return last[size_t(v)]; });
      fill_own(g, authorities, [&](int32_t v) { return seen.entering(g, v); });
      normalize_l1(g, authorities, all);
      seen.publish(g, all, [&](int32_t v) { return authorities[size_t(v)]; });
      fill_own(g, made, [&](int32_t v) { return seen.leaving(g, v); });
      normalize_l1(g, made, all);
    });
    return rounds;
  }
};

}  // namespace gli
