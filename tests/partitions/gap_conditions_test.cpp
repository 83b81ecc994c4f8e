// What the verifiers of the GAP Benchmark Suite ask of answers, on a Kronecker graph: of scale 12, or what GLI_SCALE says.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <set>

#include "partitions/catalog.h"
#include "partitions/graph_view.h"
#include "partitions/kernels/edge_weights.h"
#include "partitions/loader.h"
#include "partitions/loaders/kronecker.h"

namespace gli {
namespace {

int scale() {
  auto wish = std::getenv("GLI_SCALE");
  return wish ? std::atoi(wish) : 12;
}

/// Edges with whole weights from 1 to 255.
const graph& kronecker(bool directed) {
  auto make = [](bool with_directions) {
    load_options options;
    options.kind = {with_directions, false, key_type::int64, key_type::none};
    graph_loader loader{options};
    auto weighted = [&](column_batch b) {
      column_builder weight{"weight", column_type::int64};
      for (int64_t i = 0; i < b.rows; ++i) weight.append_int64(int64_t(uint64_t(b.columns[2].int64(i)) * 0x9e3779b97f4a7c15 >> 32) % 255 + 1);
      b.columns.push_back(weight.finish());
      loader.add_edges(b);
    };
    generate_kronecker(scale(), kronecker_edge_factor, 1, {[&](const column_batch& b) { loader.add_nodes(b); }, weighted});
    load_report report;
    solo all;
    return loader.finish(all, report);
  };
  static const graph with = make(true), without = make(false);
  return directed ? with : without;
}

column answer(const graph& g, const char* name, parameters arguments) {
  solo all;
  return run(g, {name, std::move(arguments)}, all).data;
}

/// Some nodes with edges, far from one another in the order of ids.
std::vector<int32_t> sources(const graph_view& g) {
  std::vector<int32_t> found;
  for (int32_t v = g.size() / 7; v < g.size() && found.size() < 4; v += g.size() / 5)
    for (auto u = v; u < g.size(); ++u)
      if (g.forward_degree(u) > 0) {
        found.push_back(u);
        break;
      }
  return found;
}

parameters from(const graph& g, int32_t source, parameters more = {}) {
  more["source"] = to_value(node_key(g, source));
  return more;
}

/// Without gtest's price for each of many millions.
void require(bool holds, const char* what, int32_t v) {
  if (!holds) ADD_FAILURE() << what << " at node " << v;
}

class gap_conditions : public ::testing::TestWithParam<bool> {
 protected:
  const graph& g = kronecker(GetParam());
  graph_view view{g};
  int32_t node(const column& keys, int32_t v) const { return *find_node(g, key{keys.int64(v)}); }
};

TEST_P(gap_conditions, parent_trees_are_valid_and_depths_those_of_a_breadth_first_search) {
  for (auto s : sources(view)) {
    auto depth = answer(g, "bfs", from(g, s)), parent = answer(g, "bfs_predecessors", from(g, s));
    for (int32_t u = 0; u < view.size(); ++u) {
      require(parent.valid(u) == (depth.valid(u) && u != s), "a reached node has a parent", u);
      if (!depth.valid(u)) continue;
      view.for_each_forward(u, [&](int32_t v) { require(depth.valid(v) && depth.int64(v) <= depth.int64(u) + 1, "an edge leads one step on", u); });
      if (u == s) {
        require(depth.int64(u) == 0, "the source is there", u);
        continue;
      }
      auto p = node(parent, u);
      bool edge = false;
      view.for_each_forward(p, [&](int32_t v) { edge |= v == u; });
      require(edge && depth.int64(p) + 1 == depth.int64(u), "a parent is one step before", u);
    }
  }
}

TEST_P(gap_conditions, distances_are_consistent) {
  solo all;
  auto weights = edge_weights::of(g, "weight", true, all);
  for (auto s : sources(view)) {
    auto distance = answer(g, "sssp", from(g, s, {{"weight", std::string{"weight"}}}));
    std::vector<uint8_t> tight(size_t(view.size()));
    tight[size_t(s)] = distance.float64(s) == 0;
    for (int32_t u = 0; u < view.size(); ++u) {
      auto d = distance.float64(u);
      for_each_weighted_forward(view, weights, u, [&](int32_t v, double w) {
        require(distance.float64(v) <= d + w, "no edge makes a path shorter", u);
        if (d < std::numeric_limits<double>::infinity() && distance.float64(v) == d + w) tight[size_t(v)] = 1;
      });
    }
    for (int32_t v = 0; v < view.size(); ++v) require(std::isinf(distance.float64(v)) != bool(tight[size_t(v)]), "a distance is that of a path", v);
  }
}

TEST_P(gap_conditions, labels_are_closed_and_no_component_has_two) {
  auto label = answer(g, "connected_components", {});
  std::vector<int32_t> parent(size_t(view.size()));
  std::iota(parent.begin(), parent.end(), 0);
  auto root = [&](int32_t v) {
    while (parent[size_t(v)] != v) v = parent[size_t(v)] = parent[size_t(parent[size_t(v)])];
    return v;
  };
  std::set<int64_t> labels;
  int64_t pieces = view.size();
  for (int32_t u = 0; u < view.size(); ++u) {
    labels.insert(label.int64(u));
    require(label.int64(node(label, u)) == label.int64(u), "a label is that of the node it is called by", u);
    view.for_each_neighbor(u, [&](int32_t v) {
      require(label.int64(u) == label.int64(v), "an edge is within a component", u);
      if (auto a = root(u), b = root(v); a != b) parent[size_t(a)] = b, --pieces;
    });
  }
  EXPECT_EQ(int64_t(labels.size()), pieces);
}

TEST_P(gap_conditions, another_round_hardly_changes_ranks) {
  constexpr double alpha = 0.85, tol = 1e-9;
  auto rank = answer(g, "pagerank", {{"alpha", alpha}, {"tol", tol}, {"max_iter", int64_t{1000}}});
  auto n = double(view.size());
  std::vector<double> arriving(size_t(view.size()));
  double sinks = 0, sum = 0, change = 0;
  for (int32_t u = 0; u < view.size(); ++u) {
    sum += rank.float64(u);
    if (view.forward_degree(u) == 0) sinks += rank.float64(u);
    view.for_each_forward(u, [&](int32_t v) { arriving[size_t(v)] += rank.float64(u) / double(view.forward_degree(u)); });
  }
  for (int32_t v = 0; v < view.size(); ++v) change += std::abs((1 - alpha + alpha * sinks) / n + alpha * arriving[size_t(v)] - rank.float64(v));
  EXPECT_NEAR(sum, 1, 1e-9);
  EXPECT_LT(change, n * tol);
}

INSTANTIATE_TEST_SUITE_P(kronecker, gap_conditions, ::testing::Bool(), [](auto& p) { return p.param ? "directed" : "undirected"; });

}  // namespace
}  // namespace gli
