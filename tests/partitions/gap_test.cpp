#include "partitions/loaders/gap.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "runtime/error.h"

namespace gli {
namespace {

struct received {
  std::vector<int64_t> nodes;
  std::map<std::pair<int64_t, int64_t>, int64_t> edges;  // weights
  uint64_t rows = 0;

  batch_sink sink() {
    return {[this](const column_batch& b) {
              b.check();
              for (int64_t i = 0; i < b.rows; ++i) nodes.push_back(b.columns.at(0).int64(i));
            },
            [this](const column_batch& b) {
              b.check();
              rows += uint64_t(b.rows);
              for (int64_t i = 0; i < b.rows; ++i)
                edges[{b.find("source")->int64(i), b.find("target")->int64(i)}] = b.find("weight") ? b.find("weight")->int64(i) : 0;
            }};
  }
};

received generated(gap_kind kind, int scale, bool weighted = false) {
  received got;
  generate_gap(kind, scale, weighted, got.sink());
  return got;
}

// What the suite's converter says: "Graph has 4096 nodes and N undirected edges".
TEST(gap, makes_as_many_edges_as_the_suites_own_converter) {
  EXPECT_EQ(generated(gap_kind::kronecker, 12).rows, 48386u);
  EXPECT_EQ(generated(gap_kind::uniform, 12).rows, 65247u);
}

TEST(gap, makes_the_edges_and_weights_of_the_suites_own_converter) {
  auto sums = [](const received& r) {
    uint64_t sum = 0, weights = 0;
    for (auto& [ends, weight] : r.edges) sum += uint64_t(ends.first) * uint64_t(ends.second) % 65521, weights += uint64_t(weight) * uint64_t(1 + (ends.first + ends.second) % 7);
    return std::pair{sum, weights};
  };
  EXPECT_EQ(sums(generated(gap_kind::kronecker, 12, true)), (std::pair<uint64_t, uint64_t>{1577609964, 23151313}));
  EXPECT_EQ(sums(generated(gap_kind::uniform, 12, true)), (std::pair<uint64_t, uint64_t>{2122861203, 33568557}));
}

TEST(gap, gives_every_node_and_each_edge_once_without_loops) {
  for (auto kind : {gap_kind::kronecker, gap_kind::uniform})
    for (int scale : {1, 2, 7}) {
      auto got = generated(kind, scale);
      ASSERT_EQ(got.nodes.size(), size_t{1} << scale);
      for (size_t v = 0; v < got.nodes.size(); ++v) ASSERT_EQ(got.nodes[v], int64_t(v));
      EXPECT_EQ(got.rows, got.edges.size());
      for (auto& [ends, weight] : got.edges) ASSERT_LT(ends.first, ends.second);
    }
}

TEST(gap, refuses_scales_that_it_does_not_hold) {
  for (int scale : {0, -1, most_gap_scale + 1}) EXPECT_THROW(generate_gap(gap_kind::uniform, scale, false, {}), failure);
}

TEST(gap, picks_the_sources_of_the_suites_own_programs) {
  auto first = [](int32_t nodes) {
    gap_sources all{nodes, [](int32_t) { return true; }};
    return std::array{all.next(), all.next(), all.next(), all.next()};
  };
  EXPECT_EQ(first(4096), (std::array{3423, 2943, 1680, 206}));
  EXPECT_EQ(first(1000000), (std::array{651359, 188095, 488272, 288782}));
  gap_sources even{1000, [](int32_t v) { return v % 2 == 0; }};
  for (int i = 0; i < 100; ++i) {
    auto v = even.next();
    EXPECT_TRUE(v >= 0 && v < 1000 && v % 2 == 0) << v;
  }
}

class gap_file_test : public ::testing::Test {
 protected:
  std::string written(const char* name, bool directed, std::vector<int64_t> offsets, std::vector<int32_t> entries, int64_t count) {
    auto path = std::filesystem::path{::testing::TempDir()} / name;
    std::ofstream file{path, std::ios::binary};
    auto put = [&](const auto* from, size_t n) { file.write(reinterpret_cast<const char*>(from), std::streamsize(n * sizeof *from)); };
    auto flag = uint8_t(directed);
    auto nodes = int64_t(offsets.size()) - 1;
    put(&flag, 1), put(&count, 1), put(&nodes, 1), put(offsets.data(), offsets.size()), put(entries.data(), entries.size());
    return path.string();
  }
  static std::string refusal(const std::string& path) {
    try {
      read_gap(path, received{}.sink());
    } catch (const failure& f) {
      return f.what();
    }
    return "no failure";
  }
};

TEST_F(gap_file_test, reads_an_undirected_edge_once_and_a_loop_too) {
  auto path = written("small.sg", false, {0, 2, 3, 4}, {0, 1, 0, 2}, 4);
  received got;
  read_gap(path, got.sink());
  EXPECT_EQ(got.nodes, (std::vector<int64_t>{0, 1, 2}));
  EXPECT_EQ(got.edges, (std::map<std::pair<int64_t, int64_t>, int64_t>{{{0, 0}, 0}, {{0, 1}, 0}, {{2, 2}, 0}}));
  EXPECT_FALSE(read_gap_head(path).directed);
}

TEST_F(gap_file_test, reads_weights_and_directions) {
  auto path = written("small.wsg", true, {0, 1, 2}, {1, 7, 0, -3}, 2);
  received got;
  read_gap(path, got.sink());
  EXPECT_EQ(got.edges, (std::map<std::pair<int64_t, int64_t>, int64_t>{{{0, 1}, 7}, {{1, 0}, -3}}));
}

TEST_F(gap_file_test, names_the_file_and_what_does_not_hold) {
  auto says = [](const std::string& text, const char* what) { EXPECT_NE(text.find(what), std::string::npos) << text; };
  says(refusal("/no/such.sg"), "/no/such.sg: no such file");
  says(refusal(written("far.sg", false, {0, 1}, {5}, 1)), "a neighbor 5 outside 0 … 0");
  says(refusal(written("short.sg", false, {0, 3}, {0}, 3)), "ends 8 bytes too early");
  says(refusal(written("offsets.sg", false, {0, 2, 1}, {0}, 1)), "the offsets do not lead from 0 to 1");
  says(refusal(written("many.sg", false, {0}, {}, -1)), "no serialized graph");
  says(refusal(written("none.sg", false, {0}, {}, 3)), "the offsets do not lead from 0 to 3");
}

}  // namespace
}  // namespace gli
