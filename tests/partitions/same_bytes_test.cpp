// Every algorithm of the catalog answers with the same bytes on 1, 2, 4 and 8 partitions, on one thread and on two, and wherever a partitioner puts the nodes.

#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include "tests/oracles/plain_graph.h"

namespace gli::testing {
namespace {

/// With an attribute `weight` of positive numbers that no float64 sum is exact of.
plain_graph weighted_graph(bool directed, bool multi, key_type keys, uint64_t seed) {
  auto g = random_graph(150, 500, directed, multi, keys, seed);
  column_builder weight{"weight", column_type::float64};
  for (size_t e = 0; e < g.edges.size(); ++e) weight.append(value{double(e % 13 + 1) / 3});
  g.edge_columns.push_back(weight.finish());
  return g;
}

std::string quoted(const key& k) { return k.index() == 0 ? std::to_string(std::get<0>(k)) : '"' + std::get<1>(k) + '"'; }

/// Calls of each, by name.
std::vector<run_algorithm> calls_of(const std::string& name, const plain_graph& g) {
  auto& first = g.nodes.front();
  auto source = to_value(first);
  value weight{std::string{"weight"}}, tol{1e-4}, often{int64_t{100'000}};
  std::string pairs, numbers;
  for (size_t i = 0; i < g.nodes.size(); ++i) {
    pairs += (i ? ",[" : "[") + quoted(first) + "," + quoted(g.nodes[i]) + "]";
    numbers += (i ? ",[" : "[") + quoted(g.nodes[i]) + "," + std::to_string(i % 7) + "]";
  }
  if (name == "pagerank")
    return {{name, {}}, {name, {{"iterations", int64_t{7}}}}, {name, {{"weight", weight}}}, {name, {{"personalization", json{"[" + numbers + "]"}}}}};
  if (name == "eigenvector_centrality") return {{name, {{"tol", tol}, {"max_iter", often}}}, {name, {{"tol", tol}, {"max_iter", often}, {"weight", weight}}}};
  if (name == "katz_centrality") return {{name, {{"alpha", 0.001}}}, {name, {{"alpha", 0.001}, {"weight", weight}, {"normalized", false}}}};
  if (name == "hits") return {{name, {{"tol", tol}, {"max_iter", often}}}, {name, {{"tol", tol}, {"max_iter", often}, {"scores", std::string{"authorities"}}}}};
  if (name == "clustering") return {{name, {}}, {name, {{"mode", std::string{"ldbc"}}}}};
  if (name == "betweenness_centrality") return {{name, {}}, {name, {{"k", int64_t{9}}, {"seed", int64_t{4}}, {"normalized", false}}}};
  if (name == "degree") return {{name, {}}, {name, {{"mode", std::string{"in"}}}}};
  if (name == "bfs" || name == "bfs_predecessors")
    return {{name, {{"source", source}}}, {name, {{"source", source}, {"reverse", true}}}, {name, {{"source", source}, {"undirected", true}, {"depth_limit", int64_t{3}}}}};
  if (name == "sssp" || name == "sssp_predecessors") return {{name, {{"source", source}}}, {name, {{"source", source}, {"weight", weight}}}};
  if (name == "jaccard_coefficient" || name == "adamic_adar_index") return {{name, {{"pairs", json{"[" + pairs + "]"}}}}};
  if (name == "modularity") return {{name, {{"communities", json{"[" + numbers + "]"}}}}, {name, {{"communities", json{"[" + numbers + "]"}}, {"weight", weight}}}};
  if (name == "louvain_communities" || name == "leiden_communities") return {{name, {}}, {name, {{"weight", weight}, {"seed", int64_t{5}}}}};
  return {{name, {}}};
}

answers result_on(uint32_t threads, uint32_t partitions, const plain_graph& g, const run_algorithm& what) {
  tbb::global_control limit{tbb::global_control::max_allowed_parallelism, threads};
  return run_on(g, partitions, what);
}

class same_bytes : public ::testing::TestWithParam<std::string> {};

TEST_P(same_bytes, from_any_number_of_partitions_and_threads) {
  uint64_t seed = 900;
  for (bool directed : {true, false})
    for (bool multi : {false, true}) {
      if (GetParam() == "topological_generations" && !directed) continue;
      ++seed;
      auto g = weighted_graph(directed, multi, seed % 2 ? key_type::int64 : key_type::utf8, seed);
      for (auto& what : calls_of(GetParam(), g)) {
        auto alone = result_on(1, 1, g, what);
        ASSERT_EQ(alone.values.size(), g.nodes.size());
        for (uint32_t threads : {1u, 2u})
          for (uint32_t partitions : {1u, 2u, 4u, 8u}) EXPECT_EQ(result_on(threads, partitions, g, what), alone) << threads << " threads, " << partitions << " partitions";
      }
    }
}

TEST_P(same_bytes, under_any_partitioner) {
  uint64_t seed = 950;
  for (bool directed : {true, false}) {
    if (GetParam() == "topological_generations" && !directed) continue;
    auto g = weighted_graph(directed, false, ++seed % 2 ? key_type::int64 : key_type::utf8, seed);
    for (auto& what : calls_of(GetParam(), g)) {
      auto alone = run_on(g, 1, what);
      for (auto partitioner : {"range", "stream"}) EXPECT_EQ(run_on(g, 3, what, partitioner), alone) << partitioner;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(of, same_bytes, ::testing::ValuesIn(algorithm_names()), [](auto& p) { return p.param; });

}  // namespace
}  // namespace gli::testing
