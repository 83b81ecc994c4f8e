#include <gtest/gtest.h>

#include "tests/oracles/group_oracle.h"

namespace gli::testing {
namespace {

/// Weights of all edges as a column: multiples of 1/8, zeros among them.
std::vector<double> weigh(plain_graph& g, uint64_t seed, column_type type = column_type::float64) {
  std::mt19937_64 random{seed};
  std::vector<double> weights;
  column_builder column{"weight", type};
  for (size_t e = 0; e < g.edges.size(); ++e) {
    auto eighths = int64_t(random() % 40);
    weights.push_back(type == column_type::int64 ? double(eighths) : double(eighths) / 8);
    if (type == column_type::int64) column.append_int64(eighths);
    else column.append_float64(weights.back());
  }
  g.edge_columns.push_back(column.finish());
  return weights;
}

run_algorithm shortest(const key& source, const char* weight = "weight") {
  parameters p{{"source", to_value(source)}};
  if (weight) p["weight"] = std::string{weight};
  return {"sssp", std::move(p)};
}

TEST(sssp, equals_relaxing_every_edge_on_graphs_of_every_kind) {
  uint64_t seed = 1;
  for (bool directed : {true, false})
    for (bool multi : {true, false})
      for (auto [n, m] : {std::pair{1, 0}, {1, 2}, {2, 1}, {9, 14}, {120, 70}, {120, 400}, {300, 900}}) {
        ++seed;
        auto g = random_graph(size_t(n), size_t(m), directed, multi, seed % 2 ? key_type::int64 : key_type::utf8, seed);
        auto weights = weigh(g, seed, seed % 3 ? column_type::float64 : column_type::int64);
        auto expected = distances(g, weights, 0), hops = distances(g, std::vector<double>(g.edges.size(), 1.0), 0);
        auto whole = run_on(g, 1, shortest(g.nodes[0]));
        for (size_t i = 0; i < g.nodes.size(); ++i) EXPECT_EQ(whole.values.at(g.nodes[i]), value{expected[i]}) << to_string(g.nodes[i]);
        for (uint32_t p : {2u, 4u, 8u}) EXPECT_EQ(run_on(g, p, shortest(g.nodes[0])), whole);
        for (uint32_t p : {1u, 4u}) {
          auto plain = run_on(g, p, shortest(g.nodes[0], nullptr));
          for (size_t i = 0; i < g.nodes.size(); ++i) EXPECT_EQ(plain.values.at(g.nodes[i]), value{hops[i]});
        }
      }
}

TEST(sssp, of_whole_weights_is_exact_where_paths_fit_32_bits_and_where_they_do_not) {
  for (int64_t largest : {int64_t{30}, int64_t{UINT32_MAX} / 150, int64_t{UINT32_MAX} / 20, int64_t{1} << 40}) {
    auto g = random_graph(100, 160, false, false, key_type::int64, uint64_t(largest));
    std::mt19937_64 random{7};
    std::vector<double> weights;
    column_builder column{"weight", column_type::int64};
    for (size_t e = 0; e < g.edges.size(); ++e) {
      auto w = int64_t(random() % uint64_t(largest) + 1);
      weights.push_back(double(w));
      column.append_int64(w);
    }
    g.edge_columns.push_back(column.finish());
    auto expected = distances(g, weights, 0);
    for (uint32_t p : {1u, 2u, 4u}) {
      auto got = run_on(g, p, shortest(g.nodes[0]));
      for (size_t i = 0; i < g.nodes.size(); ++i) EXPECT_EQ(got.values.at(g.nodes[i]), value{expected[i]}) << largest;
    }
  }
}

TEST(sssp, reads_the_weights_of_a_value_once_and_those_of_another_column_when_asked) {
  auto g = random_graph(120, 400, false, false, key_type::int64, 3);
  weigh(g, 1);
  weigh(g, 2, column_type::int64);
  g.edge_columns.back().name = "cost";
  auto ask = [&](const char* column) { return shortest(g.nodes[0], column); };
  for (uint32_t p : {1u, 2u}) {
    auto by_weight = run_on(g, p, ask("weight")), by_cost = run_on(g, p, ask("cost"));
    EXPECT_NE(by_weight, by_cost);
    on_partitions(g, p, [&](const graph& part, communicator& all) {
      for (auto column : {"weight", "weight", "cost", "weight", "cost"}) {
        auto result = run(part, ask(column), all);
        auto& expected = std::string{column} == "cost" ? by_cost : by_weight;
        for (int32_t v = 0; v < part->size; ++v) EXPECT_EQ(result.data.at(v), expected.values.at(node_key(part, v)));
      }
      auto used = memory_usage(part);
      EXPECT_EQ(std::count_if(used.begin(), used.end(), [](auto& u) { return u.first == "weights" && u.second > 0; }), 1);
    });
  }
}

TEST(sssp, along_a_long_path_of_unlike_weights_goes_beyond_the_bands_that_are_kept_apart) {
  plain_graph g;
  g.kind = {true, false, key_type::int64, key_type::none};
  column_builder column{"weight", column_type::float64};
  std::vector<double> weights;
  for (size_t i = 0; i < 200; ++i) g.nodes.push_back(nth_key(key_type::int64, i));
  for (size_t i = 0; i + 1 < 200; ++i) {
    g.edges.emplace_back(i, i + 1);
    weights.push_back(i % 50 == 49 ? 1e9 : 0.5);
    column.append_float64(weights.back());
  }
  g.edge_columns.push_back(column.finish());
  auto expected = distances(g, weights, 0);
  for (uint32_t p : {1u, 2u, 8u}) {
    auto got = run_on(g, p, shortest(g.nodes[0]));
    for (size_t i = 0; i < g.nodes.size(); ++i) EXPECT_EQ(got.values.at(g.nodes[i]), value{expected[i]});
  }
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

TEST(sssp, names_what_is_wrong_with_weights_on_every_partition) {
  plain_graph g;
  g.kind = {true, false, key_type::int64, key_type::none};
  for (int64_t i = 1; i <= 3; ++i) g.nodes.push_back(i);
  g.edges = {{0, 1}, {1, 2}};
  auto with = [&](column c) {
    auto made = g;
    made.edge_columns.push_back(std::move(c));
    return made;
  };
  column_builder negative{"weight", column_type::float64}, missing{"weight", column_type::int64}, text{"weight", column_type::utf8}, nan{"weight", column_type::float64};
  negative.append_float64(1), negative.append_float64(-2);
  missing.append_int64(1), missing.append_null();
  text.append_bytes("a"), text.append_bytes("b");
  nan.append_float64(1), nan.append_float64(std::numeric_limits<double>::quiet_NaN());
  auto n = with(negative.finish()), m = with(missing.finish()), t = with(text.finish()), x = with(nan.finish());
  for (uint32_t p : {1u, 2u, 4u}) {
    EXPECT_EQ(message_of(n, p, shortest(int64_t{1}), errc::value), "edge 2 → 3: 'weight' -2.0 is negative");
    EXPECT_EQ(message_of(m, p, shortest(int64_t{1}), errc::value), "edge 2 → 3 has no 'weight'");
    EXPECT_EQ(message_of(t, p, shortest(int64_t{1}), errc::type), "edge attribute 'weight' is utf8, not numbers");
    EXPECT_EQ(message_of(x, p, shortest(int64_t{1}), errc::value), "edge 2 → 3: 'weight' is not a number");
    EXPECT_EQ(message_of(n, p, shortest(int64_t{1}, "cost"), errc::key), "no edge has an attribute 'cost'");
    EXPECT_EQ(message_of(n, p, shortest(int64_t{7}), errc::key), "Node 7 not found");
  }
}

}  // namespace
}  // namespace gli::testing
