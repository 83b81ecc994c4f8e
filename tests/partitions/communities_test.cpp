#include <gtest/gtest.h>

#include "tests/oracles/search_oracle.h"

namespace gli::testing {
namespace {

/// From its definition, edge by edge and pair by pair; edges count 1.
double plain_modularity(const plain_graph& g, const std::vector<key>& community, double resolution) {
  auto n = g.nodes.size();
  std::vector<std::vector<double>> arcs(n, std::vector<double>(n));
  for (auto [u, v] : g.edges) {
    ++arcs[u][v];
    if (!g.kind.directed) ++arcs[v][u];
  }
  std::vector<double> out(n), in(n);
  double all = 0, sum = 0;
  for (size_t u = 0; u < n; ++u)
    for (size_t v = 0; v < n; ++v) out[u] += arcs[u][v], in[v] += arcs[u][v], all += arcs[u][v];
  for (size_t u = 0; u < n; ++u)
    for (size_t v = 0; v < n; ++v)
      if (community[u] == community[v]) sum += arcs[u][v] - resolution * out[u] * in[v] / all;
  return sum / all;
}

std::vector<key> communities_of(const plain_graph& g, const answers& found) {
  std::vector<key> made;
  for (auto& k : g.nodes) {
    auto& x = found.values.at(k);
    made.push_back(x.index() == value{int64_t{0}}.index() ? key{std::get<int64_t>(x)} : key{std::get<std::string>(x)});
  }
  return made;
}

/// Graphs of every kind that have edges.
template <class Check>
void for_each_graph(Check&& check) {
  uint64_t seed = 50;
  for (bool directed : {true, false})
    for (bool multi : {true, false})
      for (auto [n, m] : {std::pair{1, 2}, {2, 1}, {9, 14}, {120, 70}, {120, 400}, {250, 330}}) {
        ++seed;
        check(random_graph(size_t(n), size_t(m), directed, multi, seed % 2 ? key_type::int64 : key_type::utf8, seed));
      }
}

TEST(communities, are_the_same_bytes_on_partitions_for_every_kind_of_graph) {
  for_each_graph([](const plain_graph& g) {
    for (auto name : {"louvain_communities", "leiden_communities"}) {
      run_algorithm what{name, {{"resolution", 2.5}, {"seed", int64_t{3}}}};
      EXPECT_EQ(run_on(g, 3, what), run_on(g, 1, what)) << name;
    }
  });
}

TEST(communities, are_called_by_their_smallest_key_and_have_the_modularity_that_is_said) {
  for_each_graph([](const plain_graph& g) {
    for (auto name : {"louvain_communities", "leiden_communities"}) {
      auto found = run_on(g, 2, {name, {{"resolution", 1.5}}});
      auto community = communities_of(g, found);
      EXPECT_NEAR(std::get<double>(found.summary.at("modularity")), plain_modularity(g, community, 1.5), 1e-9) << name;
      EXPECT_EQ(found.summary.at("count"), value{int64_t(std::set<key>(community.begin(), community.end()).size())});
      std::map<key, key> smallest;
      for (size_t v = 0; v < g.nodes.size(); ++v) {
        auto& known = smallest.try_emplace(community[v], g.nodes[v]).first->second;
        known = std::min(known, g.nodes[v]);
      }
      for (auto& [called, key] : smallest) EXPECT_EQ(called, key);
    }
  });
}

TEST(communities, gain_modularity_over_nodes_alone_and_nodes_without_edges_stay_alone) {
  for_each_graph([](const plain_graph& g) {
    auto community = communities_of(g, run_on(g, 4, {"louvain_communities", {}}));
    EXPECT_GE(plain_modularity(g, community, 1) + 1e-12, plain_modularity(g, g.nodes, 1));
    auto beside = g.lists(true, true);
    for (size_t v = 0; v < g.nodes.size(); ++v)
      if (beside[v].empty()) {
        EXPECT_EQ(std::count(community.begin(), community.end(), community[v]), 1);
      }
  });
}

/// Cliques in a ring, each with one edge to the next: the best division is known.
TEST(communities, of_a_ring_of_cliques_are_the_cliques) {
  plain_graph g;
  g.kind = {false, false, key_type::int64, key_type::none};
  for (size_t i = 0; i < 60; ++i) g.nodes.push_back(nth_key(key_type::int64, i));
  for (size_t c = 0; c < 10; ++c) {
    for (size_t i = 0; i < 6; ++i)
      for (size_t j = 0; j < i; ++j) g.edges.emplace_back(c * 6 + j, c * 6 + i);
    g.edges.emplace_back(c * 6, (c * 6 + 7) % 60);
  }
  for (auto name : {"louvain_communities", "leiden_communities"})
    for (uint32_t p : {1u, 4u}) {
      auto community = communities_of(g, run_on(g, p, {name, {}}));
      for (size_t v = 0; v < 60; ++v)
        for (size_t u = 0; u < v; ++u) EXPECT_EQ(community[u] == community[v], u / 6 == v / 6) << name;
    }
}

TEST(communities, of_a_graph_without_edges_are_its_nodes) {
  for (auto [n, m] : {std::pair{0, 0}, {1, 0}, {7, 0}}) {
    auto g = random_graph(size_t(n), size_t(m), false, false, key_type::int64, 1);
    for (auto name : {"louvain_communities", "leiden_communities"}) EXPECT_EQ(communities_of(g, run_on(g, 2, {name, {}})), g.nodes);
  }
}

}  // namespace
}  // namespace gli::testing
