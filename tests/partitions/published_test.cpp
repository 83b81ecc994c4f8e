#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/oracles/plain_graph.h"

namespace gli::testing {
namespace {

/// The results that another engine published for p2p-31, read where the environment variable GLI_TEST_DATA names a folder that has it.
class published : public ::testing::Test {
 protected:
  void SetUp() override {
    auto data = std::getenv("GLI_TEST_DATA");
    folder_ = std::filesystem::path{data ? data : ""} / "p2p-31";
    if (!data || !std::filesystem::exists(folder_ / "p2p-31.e")) GTEST_SKIP() << "GLI_TEST_DATA names no folder with p2p-31";
  }

  plain_graph read(bool directed) const {
    plain_graph g;
    g.kind = {directed, false, key_type::int64, key_type::none};
    std::map<int64_t, size_t> place;
    std::ifstream nodes{folder_ / "p2p-31.v"}, edges{folder_ / "p2p-31.e"};
    for (int64_t id, x; nodes >> id >> x;) place[id] = g.nodes.size(), g.nodes.emplace_back(id);
    for (int64_t u, v, x; edges >> u >> v >> x;) g.edges.emplace_back(place.at(u), place.at(v));
    return g;
  }

  template <class T>
  std::map<key, T> results(const char* name) const {
    std::map<key, T> all;
    std::ifstream lines{folder_ / name};
    int64_t id;
    for (T x; lines >> id >> x;) all[id] = x;
    return all;
  }

  void expect_depths(const plain_graph& g, const char* name) const {
    auto expected = results<int64_t>(name);
    ASSERT_EQ(expected.size(), g.nodes.size());
    for (uint32_t p : {1u, 4u})
      for (auto& [k, depth] : run_on(g, p, {"bfs", {{"source", int64_t{6}}}}).values)
        ASSERT_EQ(depth, expected.at(k) == INT64_MAX ? value{} : value{expected.at(k)}) << to_string(k);
  }

 private:
  std::filesystem::path folder_;
};

TEST_F(published, depths_from_node_6) {
  expect_depths(read(false), "p2p-31-BFS");
  expect_depths(read(true), "p2p-31-BFS-directed");
}

TEST_F(published, ranks_after_ten_rounds) {
  auto expected = results<double>("p2p-31-PR");
  auto g = read(false);
  answers first;
  for (uint32_t p : {1u, 4u}) {
    auto got = run_on(g, p, {"pagerank", {{"iterations", int64_t{10}}}});
    for (auto& [k, x] : got.values) ASSERT_NEAR(std::get<double>(x), expected.at(k), expected.at(k) * 1e-4) << to_string(k);
    if (p == 1) first = got;
    EXPECT_TRUE(got == first);
  }
}

TEST_F(published, components_up_to_their_names) {
  auto expected = results<int64_t>("p2p-31-WCC");
  auto g = read(true);
  for (uint32_t p : {1u, 4u}) {
    std::map<int64_t, value> names;
    std::set<int64_t> seen;
    for (auto& [k, label] : run_on(g, p, {"connected_components", {}}).values) {
      ASSERT_EQ(names.emplace(expected.at(k), label).first->second, label) << to_string(k);
      seen.insert(std::get<int64_t>(label));
    }
    EXPECT_EQ(seen.size(), names.size());
  }
}

}  // namespace
}  // namespace gli::testing
