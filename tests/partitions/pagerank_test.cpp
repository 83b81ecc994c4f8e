#include "tests/oracles/pagerank_oracle.h"

#include <gtest/gtest.h>

#include <cmath>

#include "partitions/algorithms/pagerank.h"

namespace gli::testing {
namespace {

run_algorithm rounds(int64_t k) { return {"pagerank", {{"iterations", k}}}; }

double real(const answers& a, const key& k) { return std::get<double>(a.values.at(k)); }

void expect_near(const plain_graph& g, const answers& got, const std::vector<long double>& expected) {
  ASSERT_EQ(got.values.size(), g.nodes.size());
  for (size_t i = 0; i < g.nodes.size(); ++i) EXPECT_NEAR(real(got, g.nodes[i]), double(expected[i]), 1e-12) << to_string(g.nodes[i]);
}

std::vector<plain_graph> graphs_of_every_kind() {
  std::vector<plain_graph> all;
  uint64_t seed = 1;
  for (bool directed : {true, false})
    for (bool multi : {true, false})
      for (auto [n, m] : {std::pair{1, 0}, {1, 3}, {2, 1}, {7, 6}, {60, 150}, {3000, 9000}})
        all.push_back(random_graph(size_t(n), size_t(m), directed, multi, seed % 2 ? key_type::int64 : key_type::utf8, seed)), ++seed;
  return all;
}

TEST(pagerank, equals_its_definition_on_graphs_of_every_kind) {
  for (auto& g : graphs_of_every_kind()) expect_near(g, run_on(g, 1, rounds(10)), pagerank_rounds(g, 0.85L, 10));
}

TEST(pagerank, is_the_same_bytes_on_any_number_of_partitions) {
  for (auto& g : graphs_of_every_kind()) {
    auto whole = run_on(g, 1, rounds(7));
    for (uint32_t p : {2u, 4u, 8u}) EXPECT_EQ(run_on(g, p, rounds(7)), whole) << g.nodes.size() << " nodes on " << p;
  }
}

run_algorithm single_rounds(int64_t k) { return {"pagerank", {{"iterations", k}, {"precision", std::string{"single"}}}}; }

TEST(pagerank, in_single_precision_is_near_its_definition_and_the_same_bytes_on_any_number_of_partitions) {
  for (auto& g : graphs_of_every_kind()) {
    auto whole = run_on(g, 1, single_rounds(10));
    auto expected = pagerank_rounds(g, 0.85L, 10);
    for (size_t i = 0; i < g.nodes.size(); ++i) EXPECT_NEAR(real(whole, g.nodes[i]), double(expected[i]), double(expected[i]) * 1e-6) << to_string(g.nodes[i]);
    for (uint32_t p : {2u, 4u, 8u}) EXPECT_EQ(run_on(g, p, single_rounds(10)), whole) << g.nodes.size() << " nodes on " << p;
  }
}

TEST(pagerank, of_no_nodes_is_empty) {
  plain_graph empty;
  for (uint32_t p : {1u, 2u}) {
    auto got = run_on(empty, p, {"pagerank", {}});
    EXPECT_TRUE(got.values.empty());
    EXPECT_EQ(got.summary.at("rounds"), value{int64_t{0}});
  }
}

TEST(pagerank, ranks_sum_to_one) {
  auto g = random_graph(5000, 8000, true, false, key_type::int64, 3);
  auto got = run_on(g, 4, {"pagerank", {}});
  double sum = 0;
  for (auto& [k, x] : got.values) sum += std::get<double>(x);
  EXPECT_NEAR(sum, 1, 1e-12);
}

TEST(pagerank, stops_when_the_change_falls_under_n_times_tol) {
  auto g = random_graph(200, 900, true, false, key_type::int64, 5);
  auto got = run_on(g, 2, {"pagerank", {{"tol", 1e-5}}});
  auto k = int(std::get<int64_t>(got.summary.at("rounds")));
  auto before = pagerank_rounds(g, 0.85L, k - 1), last = pagerank_rounds(g, 0.85L, k);
  expect_near(g, got, last);
  EXPECT_LT(total_change(before, last), 200 * 1e-5L);
  EXPECT_GE(total_change(pagerank_rounds(g, 0.85L, k - 2), before), 200 * 1e-5L);
}

TEST(pagerank, zero_rounds_are_the_start) {
  auto g = random_graph(4, 5, true, false, key_type::int64, 9);
  auto got = run_on(g, 2, rounds(0));
  for (auto& [k, x] : got.values) EXPECT_EQ(x, value{0.25});
}

errc code_of(const plain_graph& g, uint32_t partitions, const run_algorithm& what, std::string& message) {
  try {
    run_on(g, partitions, what);
  } catch (const failure& f) {
    message = f.what();
    return f.code();
  }
  return errc::internal;
}

TEST(pagerank, names_a_precision_that_there_is_not) {
  auto g = random_graph(5, 9, true, false, key_type::int64, 11);
  std::string message;
  EXPECT_EQ(code_of(g, 2, {"pagerank", {{"precision", std::string{"half"}}}}, message), errc::value);
  EXPECT_EQ(message, "precision must be 'double' or 'single', not 'half'");
  EXPECT_EQ(code_of(g, 2, {"pagerank", {{"precision", std::string{"single"}}, {"weight", std::string{"w"}}}}, message), errc::value);
}

TEST(pagerank, fails_naming_the_residual_when_it_does_not_converge) {
  auto g = random_graph(50, 200, true, false, key_type::int64, 11);
  std::string message;
  for (uint32_t p : {1u, 4u}) {
    EXPECT_EQ(code_of(g, p, {"pagerank", {{"tol", 1e-30}, {"max_iter", int64_t{3}}}}, message), errc::convergence);
    EXPECT_NE(message.find("did not converge to tol = 1e-30 in 3 rounds"), message.npos) << message;
  }
}

TEST(pagerank, refuses_arguments_that_cannot_be_right) {
  auto g = random_graph(5, 5, true, false, key_type::int64, 11);
  std::string message;
  for (auto alpha : {0.0, 1.0, -1.0, 2.0, std::nan("")}) EXPECT_EQ(code_of(g, 2, {"pagerank", {{"alpha", alpha}}}, message), errc::value);
  EXPECT_EQ(code_of(g, 1, {"pagerank", {{"alpha", 2.0}}}, message), errc::value);
  EXPECT_EQ(message, "alpha must be between 0 and 1, not 2.0");
  EXPECT_EQ(code_of(g, 1, {"pagerank", {{"iterations", int64_t{-1}}}}, message), errc::value);
  EXPECT_EQ(code_of(g, 1, {"pagerank", {{"tol", 0.0}}}, message), errc::value);
  EXPECT_EQ(code_of(g, 1, {"pagerank", {{"alpha", std::string{"x"}}}}, message), errc::type);
  EXPECT_EQ(code_of(g, 1, {"pagerank", {{"damping", 0.85}}}, message), errc::value);
  EXPECT_EQ(message, "pagerank has no argument 'damping'; its arguments: alpha, max_iter, tol, iterations, weight, personalization, precision");
  EXPECT_EQ(code_of(g, 1, {"pagerunk", {}}, message), errc::value);
  EXPECT_EQ(message,
            "no algorithm 'pagerunk'; there are connected_components, strongly_connected_components, label_propagation, core_number, "
            "maximal_independent_set, greedy_color, topological_generations, triangles, clustering, jaccard_coefficient, adamic_adar_index, louvain_communities, leiden_communities, modularity, pagerank, eigenvector_centrality, katz_centrality, hits, closeness_centrality, "
            "harmonic_centrality, betweenness_centrality, degree, bfs, bfs_predecessors, sssp, sssp_predecessors");
}

TEST(pagerank, remembers_its_arguments_with_defaults) {
  auto g = random_graph(5, 5, true, false, key_type::int64, 11);
  on_partitions(g, 1, [](const graph& g, communicator& all) {
    auto r = run(g, rounds(2), all);
    parameters expected{{"alpha", 0.85}, {"tol", 1e-6}, {"max_iter", int64_t{100}}, {"iterations", int64_t{2}}};  // no nulls
    EXPECT_EQ(r.provenance.arguments, expected);
    EXPECT_EQ(r.provenance.algorithm, "pagerank");
    EXPECT_EQ(r.provenance.version, 1u);
  });
}

TEST(degree, counts_self_loops_as_networkx_does) {
  plain_graph g;
  g.kind = {true, false, key_type::int64, key_type::none};
  g.nodes = {int64_t{1}, int64_t{2}, int64_t{3}};
  g.edges = {{0, 1}, {1, 1}, {1, 0}};
  auto of = [&](const char* mode, int64_t k) { return run_on(g, 2, {"degree", {{"mode", std::string{mode}}}}).values.at(k); };
  EXPECT_EQ(of("out", 2), value{int64_t{2}});
  EXPECT_EQ(of("in", 2), value{int64_t{2}});
  EXPECT_EQ(of("total", 2), value{int64_t{4}});
  EXPECT_EQ(of("total", 3), value{int64_t{0}});
  g.kind.directed = false;
  g.edges = {{0, 1}, {1, 1}};
  EXPECT_EQ(of("total", 2), value{int64_t{3}});
  EXPECT_EQ(of("in", 1), value{int64_t{1}});
}

}  // namespace
}  // namespace gli::testing
