#include <gtest/gtest.h>

#include "tests/oracles/group_oracle.h"

namespace gli::testing {
namespace {

/// Graphs of every kind, small and less small.
template <class Check>
void for_each_graph(Check&& check) {
  uint64_t seed = 1;
  for (bool directed : {true, false})
    for (bool multi : {true, false})
      for (auto [n, m] : {std::pair{0, 0}, {1, 0}, {1, 2}, {2, 1}, {9, 14}, {120, 70}, {120, 400}, {250, 330}}) {
        ++seed;
        check(random_graph(size_t(n), size_t(m), directed, multi, seed % 2 ? key_type::int64 : key_type::utf8, seed));
      }
}

/// Each node's value is what `expected(i)` says, on 1, 2, 4 and 8 partitions.
template <class Expected>
void expect_values(const plain_graph& g, const run_algorithm& what, Expected&& expected) {
  auto whole = run_on(g, 1, what);
  ASSERT_EQ(whole.values.size(), g.nodes.size());
  for (size_t i = 0; i < g.nodes.size(); ++i) EXPECT_EQ(whole.values.at(g.nodes[i]), expected(i)) << what.name << " of " << to_string(g.nodes[i]);
  for (uint32_t p : {2u, 4u, 8u}) EXPECT_EQ(run_on(g, p, what).values, whole.values) << what.name << " on " << p;
}

TEST(strong_components, are_what_reaches_each_other) {
  for_each_graph([](const plain_graph& g) {
    auto expected = strong_component_keys(g);
    expect_values(g, {"strongly_connected_components", {}}, [&](size_t i) { return to_value(expected[i]); });
    EXPECT_EQ(run_on(g, 2, {"strongly_connected_components", {}}).summary.at("count"), value{int64_t(std::set<key>(expected.begin(), expected.end()).size())});
  });
}

TEST(strong_components, of_a_ring_through_all_partitions_are_one) {
  plain_graph g;
  g.kind = {true, false, key_type::int64, key_type::none};
  for (size_t i = 0; i < 300; ++i) g.nodes.push_back(nth_key(key_type::int64, i));
  for (size_t i = 0; i < 300; ++i) g.edges.emplace_back(i, (i + 1) % 300);
  for (uint32_t p : {1u, 4u, 8u}) EXPECT_EQ(run_on(g, p, {"strongly_connected_components", {}}).summary.at("count"), value{int64_t{1}});
  g.edges.pop_back();
  for (uint32_t p : {1u, 4u, 8u}) EXPECT_EQ(run_on(g, p, {"strongly_connected_components", {}}).summary.at("count"), value{int64_t{300}});
}

TEST(label_propagation, equals_the_specification_after_any_number_of_rounds) {
  for_each_graph([](const plain_graph& g) {
    for (int64_t iterations : {0, 1, 2, 5, 10}) {
      auto expected = propagated_labels(g, int(iterations));
      expect_values(g, {"label_propagation", {{"iterations", iterations}}}, [&](size_t i) { return to_value(expected[i]); });
    }
  });
}

TEST(core_number, equals_taking_nodes_away) {
  for_each_graph([](const plain_graph& g) {
    auto expected = core_numbers(g);
    expect_values(g, {"core_number", {}}, [&](size_t i) { return value{expected[i]}; });
  });
}

TEST(independent_set, is_the_one_of_a_walk_in_the_order_of_hashes) {
  for_each_graph([](const plain_graph& g) {
    auto expected = independent_set(g);
    expect_values(g, {"maximal_independent_set", {}}, [&](size_t i) { return value{bool(expected[i])}; });
    EXPECT_EQ(run_on(g, 4, {"maximal_independent_set", {}}).summary.at("size"), value{int64_t(std::count(expected.begin(), expected.end(), true))});
  });
}

TEST(greedy_color, takes_the_colors_of_a_walk_from_the_largest_degree) {
  for_each_graph([](const plain_graph& g) {
    auto expected = greedy_colors(g);
    expect_values(g, {"greedy_color", {}}, [&](size_t i) { return value{expected[i]}; });
  });
}

}  // namespace
}  // namespace gli::testing
