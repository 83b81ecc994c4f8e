#include <gtest/gtest.h>

#include <random>
#include <set>

#include "tests/oracles/search_oracle.h"

namespace gli::testing {
namespace {

void expect_components(const plain_graph& g, const answers& got) {
  auto expected = component_keys(g);
  ASSERT_EQ(got.values.size(), g.nodes.size());
  for (size_t i = 0; i < g.nodes.size(); ++i) EXPECT_EQ(got.values.at(g.nodes[i]), to_value(expected[i])) << to_string(g.nodes[i]);
  EXPECT_EQ(got.summary.at("count"), value{int64_t(std::set<key>(expected.begin(), expected.end()).size())});
}

answers components(const plain_graph& g, uint32_t partitions) { return run_on(g, partitions, {"connected_components", {}}); }

TEST(components, equal_searches_from_every_node_on_graphs_of_every_kind) {
  uint64_t seed = 1;
  for (bool directed : {true, false})
    for (bool multi : {true, false})
      for (auto [n, m] : {std::pair{0, 0}, {1, 0}, {1, 2}, {2, 0}, {2, 1}, {9, 4}, {120, 70}, {120, 400}, {700, 350}}) {
        ++seed;
        auto g = random_graph(size_t(n), size_t(m), directed, multi, seed % 2 ? key_type::int64 : key_type::utf8, seed);
        for (uint32_t p : {1u, 2u, 4u}) expect_components(g, components(g, p));
      }
}

TEST(components, are_the_same_on_eight_partitions) {
  auto g = random_graph(4000, 2600, true, false, key_type::utf8, 99);
  auto whole = components(g, 1);
  EXPECT_EQ(components(g, 8), whole);
}

TEST(components, follow_a_path_that_winds_through_all_partitions) {
  plain_graph g;
  g.kind = {true, false, key_type::int64, key_type::none};
  for (size_t i = 0; i < 300; ++i) g.nodes.push_back(nth_key(key_type::int64, i));
  for (size_t i = 0; i + 1 < 300; ++i) g.edges.emplace_back(i % 2 ? i : i + 1, i % 2 ? i + 1 : i);
  for (uint32_t p : {1u, 2u, 4u, 8u}) expect_components(g, components(g, p));
}

/// Crowds of nodes with three edges each among themselves, of which each node is of one by chance, and `bridges` edges between any two nodes.
plain_graph crowds(size_t nodes, size_t count, size_t bridges, bool directed, uint64_t seed) {
  plain_graph g;
  g.kind = {directed, false, key_type::int64, key_type::none};
  std::mt19937_64 random{seed};
  std::vector<std::vector<size_t>> crowd(count);
  for (size_t i = 0; i < nodes; ++i) {
    g.nodes.push_back(nth_key(key_type::int64, i));
    crowd[random() % count].push_back(i);
  }
  std::set<std::pair<size_t, size_t>> seen;
  auto join = [&](size_t u, size_t v) {
    if (seen.insert(std::minmax(u, v)).second) g.edges.emplace_back(u, v);
  };
  for (auto& members : crowd)
    for (size_t i = 0; i < 3 * members.size(); ++i) join(members[random() % members.size()], members[random() % members.size()]);
  for (size_t i = 0; i < bridges; ++i) join(random() % nodes, random() % nodes);
  return g;
}

TEST(components, of_crowds_of_which_each_partition_takes_another_for_the_largest) {
  for (uint64_t seed = 1; seed <= 24; ++seed) {
    auto g = crowds(400, 1 + seed % 4, seed % 3 == 2 ? 1 : 0, seed % 2 == 0, seed);
    for (uint32_t p : {1u, 2u, 4u, 8u}) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", " + std::to_string(p) + " partitions");
      expect_components(g, components(g, p));
    }
  }
}

TEST(components, of_pairs_that_fill_many_pages) {
  plain_graph g;
  g.kind = {false, false, key_type::int64, key_type::none};
  constexpr size_t pairs = 30000;
  for (size_t i = 0; i < 2 * pairs; ++i) g.nodes.push_back(int64_t(i));
  for (size_t i = 0; i < pairs; ++i) g.edges.emplace_back(i, 2 * pairs - 1 - i);
  for (uint32_t p : {1u, 2u}) {
    auto got = components(g, p);
    EXPECT_EQ(got.summary.at("count"), value{int64_t{pairs}});
    size_t wrong = 0;
    for (size_t i = 0; i < 2 * pairs; ++i) wrong += got.values.at(g.nodes[i]) != value{int64_t(std::min(i, 2 * pairs - 1 - i))};
    EXPECT_EQ(wrong, 0) << p << " partitions";
  }
}

TEST(components, compare_text_keys_by_their_bytes) {
  plain_graph g;
  g.kind = {true, false, key_type::utf8, key_type::none};
  for (auto k : {"b", "é", "a10", "a2", "Z", ""}) g.nodes.push_back(std::string{k});
  g.edges = {{1, 0}, {3, 2}};
  auto got = components(g, 2);
  EXPECT_EQ(got.values.at(std::string{"é"}), value{std::string{"b"}});
  EXPECT_EQ(got.values.at(std::string{"a2"}), value{std::string{"a10"}});
  EXPECT_EQ(got.values.at(std::string{""}), value{std::string{""}});
  EXPECT_EQ(got.summary.at("count"), value{int64_t{4}});
}

}  // namespace
}  // namespace gli::testing
