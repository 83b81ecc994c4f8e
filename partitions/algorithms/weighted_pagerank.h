#pragma once
// PageRank where a node shares its rank in proportion to the weights of its out-edges, and where those who jump do so in proportion to `jumps`, as those at
// nodes without out-edges do. The stopping rules of pagerank. O(m) a round. [Page et al. 1999; Haveliwala 2002]

#include <optional>
#include <utility>

#include "partitions/kernels/power_iteration.h"

namespace gli {

struct weighted_pagerank {
  static constexpr const char* name = "pagerank";
  double alpha = 0.85;
  stopping_rule rule{1e-6, 100, true};
  std::optional<uint64_t> iterations;  // exactly so many
  const edge_weights* weights = nullptr;
  std::vector<double> jumps;  // own; made to sum to 1 by run(). failure{value} when all are 0
  std::vector<double> x;
  double change = 0;

  uint64_t run(const graph_view& g, communicator& all) {
    auto sum = exact_total(g, all, [&](int32_t v) { return jumps[size_t(v)]; });
    if (g.total_nodes() > 0 && !(sum > 0)) throw failure{errc::value, "personalization must give some node more than 0"};
    for (auto& p : jumps) p /= sum;
    measure(g, all);
    x.assign(size_t(g.size()), 1 / double(std::max<uint64_t>(1, g.total_nodes())));
    auto step = [&](const std::vector<double>& last, std::vector<double>& made) {
      round(g, all, last, made);
      return 1;
    };
    if (g.total_nodes() == 0) return 0;
    if (!iterations) return iterate(name, g, rule, all, x, step);
    std::vector<double> made(x.size());
    for (uint64_t r = 0; r < *iterations; ++r) {
      all.progress(name, r, *iterations);
      step(x, made);
      x.swap(made);
    }
    change = *iterations ? distance_between(g, x, made, all) : 0;
    return *iterations;
  }

 private:
  /// What leaves each node in all.
  void measure(const graph_view& g, communicator& all) {
    exact_vector ones{g, weights};
    ones.publish(g, all, 1, [](int32_t) { return 1.0; });
    leaving_.resize(size_t(g.size()));
    fill_own(g, leaving_, all, ones.leaving(g), [](int32_t, double sum) { return sum; });
    share_ = exact_vector{g, weights};
  }

  void round(const graph_view& g, communicator& all, const std::vector<double>& last, std::vector<double>& made) {
    auto at = [&](int32_t v) { return size_t(v); };
    share_.publish(g, all, [&](int32_t v) { return leaving_[at(v)] > 0 ? last[at(v)] / leaving_[at(v)] : 0; });
    auto sinks = exact_total(g, all, [&](int32_t v) { return leaving_[at(v)] > 0 ? 0 : last[at(v)]; });
    fill_own(g, made, all, share_.entering(g), [&](int32_t v, double sum) { return alpha * (sum + sinks * jumps[at(v)]) + (1 - alpha) * jumps[at(v)]; });
  }

  std::vector<double> leaving_;
  exact_vector share_;
};

}  // namespace gli
