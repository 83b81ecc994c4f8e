#include <gtest/gtest.h>

#include "tests/oracles/search_oracle.h"

namespace gli::testing {
namespace {

void expect_depths(const plain_graph& g, const answers& got, const std::vector<int64_t>& expected) {
  ASSERT_EQ(got.values.size(), g.nodes.size());
  std::map<int64_t, int64_t> counts;
  int64_t reached = 0;
  for (size_t i = 0; i < g.nodes.size(); ++i) {
    EXPECT_EQ(got.values.at(g.nodes[i]), expected[i] < 0 ? value{} : value{expected[i]}) << to_string(g.nodes[i]);
    if (expected[i] >= 0) ++counts[expected[i]], ++reached;
  }
  EXPECT_EQ(got.summary.at("reached"), value{reached});
  EXPECT_EQ(got.summary.at("depth"), value{counts.rbegin()->first});
  for (auto [d, n] : counts)
    if (d < 64) {
      EXPECT_EQ(got.summary.at("depth_" + std::to_string(d)), value{n});
    }
  EXPECT_EQ(got.summary.size(), 2 + std::min<size_t>(64, counts.size()));
}

run_algorithm search(const key& source, parameters more = {}) {
  more["source"] = to_value(source);
  return {"bfs", std::move(more)};
}

TEST(bfs, equals_a_search_by_queue_on_graphs_of_every_kind) {
  uint64_t seed = 1;
  for (bool directed : {true, false})
    for (bool multi : {true, false})
      for (auto [n, m] : {std::pair{1, 0}, {1, 2}, {2, 1}, {9, 9}, {150, 130}, {150, 600}, {3000, 5000}}) {
        ++seed;
        auto g = random_graph(size_t(n), size_t(m), directed, multi, seed % 2 ? key_type::int64 : key_type::utf8, seed);
        auto source = seed % g.nodes.size();
        for (uint32_t p : {1u, 2u, 4u}) {
          expect_depths(g, run_on(g, p, search(g.nodes[source])), hops(g.successors(), source));
          expect_depths(g, run_on(g, p, search(g.nodes[source], {{"reverse", true}})), hops(g.lists(!directed, true), source));
          expect_depths(g, run_on(g, p, search(g.nodes[source], {{"undirected", true}})), hops(g.lists(true, true), source));
        }
      }
}

TEST(bfs, goes_bottom_up_through_dense_levels_and_top_down_again_along_a_tail) {
  for (bool directed : {true, false})
    for (uint64_t seed : {1, 2, 3}) {
      auto g = random_graph(2500, 40000, directed, false, key_type::int64, seed);
      auto first = g.nodes.size();
      for (size_t i = 0; i < 90; ++i) g.nodes.push_back(nth_key(key_type::int64, first + i));  // dense nodes, then a path that begins at one of them
      for (size_t i = 0; i < 90; ++i) g.edges.emplace_back(i ? first + i - 1 : 7, first + i);
      for (uint32_t p : {1u, 2u, 4u, 8u}) {
        expect_depths(g, run_on(g, p, search(g.nodes[0])), hops(g.successors(), 0));
        expect_depths(g, run_on(g, p, search(g.nodes.back(), {{"reverse", true}})), hops(g.lists(!directed, true), g.nodes.size() - 1));
        expect_depths(g, run_on(g, p, search(g.nodes.back(), {{"undirected", true}})), hops(g.lists(true, true), g.nodes.size() - 1));
      }
    }
}

TEST(bfs, stops_at_its_depth_limit) {
  auto g = random_graph(200, 300, true, false, key_type::int64, 4);
  auto full = hops(g.successors(), 3);
  for (int64_t limit : {0, 1, 2, 1000}) {
    auto expected = full;
    for (auto& d : expected) d = d > limit ? -1 : d;
    expect_depths(g, run_on(g, 2, search(g.nodes[3], {{"depth_limit", limit}})), expected);
  }
}

TEST(bfs, is_the_same_on_eight_partitions_of_a_long_path) {
  plain_graph g;
  g.kind = {true, false, key_type::int64, key_type::none};
  for (size_t i = 0; i < 200; ++i) g.nodes.push_back(nth_key(key_type::int64, i));
  for (size_t i = 0; i + 1 < 200; ++i) g.edges.emplace_back(i, i + 1);
  for (uint32_t p : {1u, 8u}) expect_depths(g, run_on(g, p, search(g.nodes[0])), hops(g.successors(), 0));
}

std::string message_of(const plain_graph& g, uint32_t partitions, const run_algorithm& what, errc code) {
  try {
    run_on(g, partitions, what);
  } catch (const failure& f) {
    EXPECT_EQ(f.code(), code) << f.what();
    return f.what();
  }
  return "no failure";
}

TEST(bfs, names_a_source_that_is_not_there_on_every_partition) {
  auto numbers = random_graph(20, 30, true, false, key_type::int64, 4), names = random_graph(20, 30, true, false, key_type::utf8, 4);
  for (uint32_t p : {1u, 4u}) {
    EXPECT_EQ(message_of(numbers, p, search(int64_t{-77}), errc::key), "Node -77 not found");
    EXPECT_EQ(message_of(names, p, search(std::string{"x"}), errc::key), "Node 'x' not found");
    EXPECT_EQ(message_of(numbers, p, search(std::string{"1"}), errc::type), "this graph's keys are int64, not '1'");
    EXPECT_EQ(message_of(plain_graph{}, p, search(int64_t{1}), errc::key), "Node 1 not found");
    message_of(numbers, p, {"bfs", {}}, errc::value);
  }
}

}  // namespace
}  // namespace gli::testing
