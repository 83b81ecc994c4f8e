#include "partitions/loaders/kronecker.h"

#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "runtime/error.h"

namespace gli {
namespace {

using edge_list = std::vector<std::pair<int64_t, int64_t>>;

edge_list generated(int scale, int edge_factor, uint64_t seed) {
  edge_list edges;
  generate_kronecker(scale, edge_factor, seed, {{}, [&](const column_batch& b) {
                                                  b.check();
                                                  ASSERT_EQ(b.columns.size(), 3u);
                                                  ASSERT_EQ(b.columns[0].name + " " + b.columns[1].name + " " + b.columns[2].name,
                                                            "source target _seq");
                                                  for (int64_t i = 0; i < b.rows; ++i) {
                                                    edges.emplace_back(b.columns[0].int64(i), b.columns[1].int64(i));
                                                    ASSERT_EQ(b.columns[2].int64(i), int64_t(edges.size()));
                                                  }
                                                }});
  return edges;
}

TEST(kronecker, makes_edge_factor_times_two_to_the_scale_edges) {
  for (int scale : {1, 2, 7, 13}) {
    auto edges = generated(scale, 16, 1);
    EXPECT_EQ(edges.size(), size_t{16} << scale);
    for (auto [u, v] : edges) {
      ASSERT_TRUE(u >= 0 && u < int64_t{1} << scale);
      ASSERT_TRUE(v >= 0 && v < int64_t{1} << scale);
    }
  }
}

TEST(kronecker, is_the_same_for_the_same_seed_on_any_number_of_threads) {
  auto edges = generated(16, 16, 5);
  tbb::global_control one{tbb::global_control::max_allowed_parallelism, 1};
  EXPECT_EQ(generated(16, 16, 5), edges);
  EXPECT_NE(generated(16, 16, 6), edges);
}

TEST(kronecker, begins_alike_for_every_edge_factor) {
  auto few = generated(10, 4, 9), many = generated(10, 16, 9);
  EXPECT_TRUE(std::equal(few.begin(), few.end(), many.begin()));
}

/// The share of edges in one quadrant of the top level is not known after relabelling; but degrees are: a node whose label has k ones
/// (before relabelling) is a source with probability (A+B)^(scale-k) (C+D)^k. The most frequent source has k = 0.
TEST(kronecker, has_the_degrees_that_the_specification_implies) {
  constexpr int scale = 10;
  auto edges = generated(scale, 256, 3);
  for (bool sources : {true, false}) {
    std::map<int64_t, double> degrees;
    for (auto [u, v] : edges) ++degrees[sources ? u : v];
    std::vector<double> sorted;
    for (auto& d : degrees) sorted.push_back(d.second / double(edges.size()));
    std::sort(sorted.rbegin(), sorted.rend());
    EXPECT_NEAR(sorted[0], std::pow(0.76, scale), 0.003);
    double next_ten = 0;
    for (int i = 1; i <= scale; ++i) next_ten += sorted[size_t(i)];
    EXPECT_NEAR(next_ten, scale * std::pow(0.76, scale - 1) * 0.24, 0.009);
  }
}

TEST(kronecker, spreads_the_heavy_nodes_over_the_labels) {
  auto edges = generated(12, 16, 4);
  auto low = std::count_if(edges.begin(), edges.end(), [](auto& e) { return e.first < 1 << 11; });
  EXPECT_NEAR(double(low) / double(edges.size()), 0.5, 0.2);
}

TEST(kronecker, refuses_sizes_out_of_range) {
  for (auto [scale, factor] : {std::pair{0, 16}, {41, 16}, {-1, 16}, {4, 0}, {4, 1025}}) EXPECT_THROW(generated(scale, factor, 1), failure);
}

TEST(kronecker, stops_when_the_sink_throws) {
  struct enough {};
  EXPECT_THROW(generate_kronecker(16, 16, 1, {{}, [](const column_batch&) { throw enough{}; }}), enough);
}

}  // namespace
}  // namespace gli
