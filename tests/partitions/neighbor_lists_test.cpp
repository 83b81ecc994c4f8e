#include <gtest/gtest.h>

#include "partitions/graph_view.h"
#include "tests/oracles/plain_graph.h"

namespace gli::testing {
namespace {

std::vector<int32_t> sorted_neighbors(const graph_view& g, int32_t v) {
  std::vector<int32_t> all;
  g.for_each_neighbor(v, [&](int32_t u) { all.push_back(u); });
  std::sort(all.begin(), all.end());
  return all;
}

uint64_t bytes_of_neighbors(const graph& g) {
  for (auto& [name, bytes] : memory_usage(g))
    if (name == "neighbors") return bytes;
  return 0;
}

TEST(neighbor_lists, have_all_neighbors_of_a_node_in_one_ascending_list) {
  uint64_t seed = 1;
  for (bool multi : {true, false})
    for (auto [n, m] : {std::pair{0, 0}, {1, 2}, {9, 14}, {120, 70}, {1500, 9000}})
      for (uint32_t p : {1u, 2u, 4u})
        on_partitions(random_graph(size_t(n), size_t(m), false, multi, key_type::int64, ++seed), p, [](const graph& part, communicator&) {
          graph_view g{part};
          auto lists = g.forward();
          for (int32_t v = 0; v < g.size(); ++v) {
            auto list = lists.of(v);
            EXPECT_EQ(std::vector<int32_t>(list.begin(), list.end()), sorted_neighbors(g, v));
          }
        });
}

TEST(neighbor_lists, are_made_when_first_wanted_kept_with_the_value_and_counted) {
  on_partitions(random_graph(300, 900, false, false, key_type::int64, 5), 1, [](const graph& g, communicator&) {
    graph_view view{g};
    EXPECT_EQ(bytes_of_neighbors(g), 0u);
    EXPECT_FALSE(view.forward_if_asked_again());
    EXPECT_EQ(bytes_of_neighbors(g), 0u);
    EXPECT_TRUE(view.forward_if_asked_again());
    auto bytes = bytes_of_neighbors(g);
    EXPECT_GE(bytes, 2 * 4 * (g->out.edges - 300));
    EXPECT_EQ(&view.forward().page(0), &graph_view{g}.backward().page(0));
    graph other{copy_body(g)};
    EXPECT_EQ(bytes_of_neighbors(other), 0u);
    EXPECT_EQ(bytes_of_neighbors(g), bytes);
  });
}

TEST(neighbor_lists, of_a_directed_graph_are_its_own_pages) {
  on_partitions(random_graph(30, 90, true, false, key_type::int64, 5), 2, [](const graph& part, communicator&) {
    graph_view g{part};
    EXPECT_EQ(&g.forward().page(0), part->out.directory[0]);
    EXPECT_EQ(&g.backward().page(0), part->in.directory[0]);
    EXPECT_EQ(bytes_of_neighbors(part), 0u);
  });
}

}  // namespace
}  // namespace gli::testing
