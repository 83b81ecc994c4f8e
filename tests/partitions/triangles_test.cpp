#include <gtest/gtest.h>

#include "partitions/algorithms/triangles.h"
#include "tests/oracles/plain_graph.h"
#include "tests/oracles/search_oracle.h"

namespace gli::testing {
namespace {

/// By node, what each choice of two others adds.
std::vector<uint64_t> weighted_triangles(const plain_graph& g, triangle_weight how) {
  auto n = g.nodes.size();
  std::vector<std::vector<uint64_t>> edges(n, std::vector<uint64_t>(n));
  for (auto [u, v] : g.edges)
    if (u != v) edges[u][v] = 1;
  auto between = [&](size_t u, size_t v) { return g.kind.directed ? edges[u][v] + edges[v][u] : edges[u][v] | edges[v][u]; };
  std::vector<uint64_t> found(n);
  for (size_t v = 0; v < n; ++v)
    for (size_t a = 0; a < n; ++a)
      for (size_t b = 0; b < a; ++b) {
        auto ways = between(v, a) * between(v, b) * between(a, b);
        if (ways) found[v] += how == triangle_weight::ones ? 1 : how == triangle_weight::directed ? ways : between(a, b);
      }
  return found;
}

TEST(triangles, equal_every_choice_of_three_nodes_however_small_the_batches_of_lists) {
  uint64_t seed = 40;
  for (bool directed : {true, false})
    for (bool multi : {true, false})
      for (auto [n, m] : {std::pair{0, 0}, {2, 3}, {3, 9}, {12, 40}, {40, 300}, {60, 120}})
        for (auto how : {triangle_weight::ones, triangle_weight::directed, triangle_weight::opposite}) {
          ++seed;
          auto g = random_graph(size_t(n), size_t(m), directed, multi, seed % 2 ? key_type::int64 : key_type::utf8, seed);
          auto expected = weighted_triangles(g, how);
          std::map<key, uint64_t> by_key;
          for (size_t v = 0; v < g.nodes.size(); ++v) by_key[g.nodes[v]] = expected[v];
          for (uint32_t p : {1u, 2u, 4u, 8u})
            for (size_t budget : {size_t{1}, size_t{400}, size_t{1} << 20})
              on_partitions(g, p, [&](const graph& part, communicator& all) {
                graph_view view{part};
                triangles found{view, how, all, budget};
                for (int32_t v = 0; v < view.size(); ++v) EXPECT_EQ(found.of(v), by_key.at(endpoint_key(part, v)));
                return 0;
              });
        }
}

TEST(triangles, of_hubs_among_short_lists_are_found_whatever_ids_the_hubs_have) {
  for (size_t first : {0, 50, 98}) {
    auto g = random_graph(100, 20, false, false, key_type::int64, first + 1);
    g.edges.clear();
    for (size_t i = 0; i < 100; ++i)
      if (i != first && i != first + 1) g.edges.emplace_back(first, i), g.edges.emplace_back(i, first + 1);
    g.edges.emplace_back(first, first + 1);
    auto expected = weighted_triangles(g, triangle_weight::ones);
    on_partitions(g, 1, [&](const graph& part, communicator& all) {
      graph_view view{part};
      triangles found{view, triangle_weight::ones, all};
      for (int32_t v = 0; v < view.size(); ++v) EXPECT_EQ(found.of(v), expected[size_t(v)]);
    });
  }
}

}  // namespace
}  // namespace gli::testing
