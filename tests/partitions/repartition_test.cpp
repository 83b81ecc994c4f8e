// Graphs whose nodes a partitioner deals out: the same graphs, even parts, fewer cut edges, owners that everybody finds.
#include "partitions/repartition.h"

#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include <set>

#include "partitions/dictionary.h"
#include "partitions/ownership.h"
#include "partitions/partition_edit.h"
#include "partitions/rows_at_home.h"
#include "runtime/error.h"
#include "tests/partitions/random_graphs.h"
#include "tests/partitions/same_graph.h"
#include "tests/partitions/stored_pages.h"

namespace gli {
namespace {

using testing::expect_same_graph;
using testing::graph_rows;
using testing::in_process_hub;

constexpr uint32_t numbers_of_partitions[] = {1, 2, 5};
const char* const partitioners[] = {"hash", "range", "stream"};

using parts_of_graph = std::vector<graph>;

parts_of_graph dealt(parts_of_graph parts, const std::string& partitioner) {
  in_process_hub{uint32_t(parts.size())}.run([&](communicator& all) {
    auto g = repartition(parts[all.rank()], partitioner, all);
    parts[all.rank()] = with_mirror_keys(g, all);
  });
  return parts;
}

std::map<key, uint32_t> owners(const parts_of_graph& parts) {
  std::map<key, uint32_t> found;
  for (auto& g : parts)
    for (int32_t v = 0; v < g->size; ++v) found[node_key(g, v)] = g->partition;
  return found;
}

uint64_t cut(const parts_of_graph& parts) {
  uint64_t edges = 0;
  for (auto& g : parts)
    for (int32_t v = 0; v < g->size; ++v)
      for (auto u : g->out_of(v)) edges += u < 0;
  return edges;
}

void expect_even(const parts_of_graph& parts, double within) {
  auto even = double(parts[0]->total_nodes + parts[0]->total_edges) / double(parts.size());
  for (auto& g : parts) EXPECT_NEAR(double(g->nodes + g->out.edges) / even, 1.0, within) << "partition " << g->partition;
}

graph_rows grid(int side) {
  graph_rows rows;
  rows.kind = {false, false, key_type::int64, key_type::none};
  for (int64_t i = 0; i < side * side; ++i) {
    if (i % side + 1 < side) rows.edges.push_back({key{i}, key{i + 1}, 0, value{}, value{}});
    if (i + side < side * side) rows.edges.push_back({key{i}, key{i + side}, 0, value{}, value{}});
  }
  return rows;
}

/// Groups of nodes with many edges inside and few between, in an order that mixes them.
graph_rows grouped(int groups, int nodes) {
  graph_rows rows;
  rows.kind = {true, false, key_type::int64, key_type::none};
  std::mt19937_64 random{5};
  auto below = [&](int n) { return int(random() % uint64_t(n)); };
  for (int64_t i = 0; i < groups * nodes; ++i) rows.nodes.push_back({key{i}, value{}, value{}});
  std::set<std::pair<int64_t, int64_t>> seen;
  for (int i = 0; i < groups * nodes * 8; ++i) {
    auto group = below(groups), other = below(50) ? group : below(groups);
    int64_t s = below(nodes) * groups + group, t = below(nodes) * groups + other;
    if (seen.emplace(s, t).second) rows.edges.push_back({key{s}, key{t}, 0, value{}, value{}});
  }
  return rows;
}

TEST(repartition, leaves_the_graph_as_it_was_and_finds_every_owner) {
  for (bool directed : {true, false})
    for (bool multi : {false, true})
      for (bool text : {false, true})
        for (auto partitions : numbers_of_partitions)
          for (auto partitioner : partitioners) {
            SCOPED_TRACE(std::string{partitioner} + " on " + std::to_string(partitions));
            auto loaded = testing::load(testing::random_rows({directed, multi, text, 60, 150}, partitions), partitions);
            auto parts = dealt(loaded, partitioner);
            expect_same_graph(gather(parts), gather(loaded));
            auto is = owners(parts);
            std::vector<hash128> names{key_hash(std::string{"nobody"})};
            for (auto& [k, p] : is) names.push_back(key_hash(k));
            in_process_hub{partitions}.run([&](communicator& all) {
              auto told = owners_of(*parts[all.rank()], names, all);
              EXPECT_EQ(told[0], owner_of(names[0], partitions));
              size_t i = 1;
              for (auto& [k, p] : is) EXPECT_EQ(told[i++], p) << to_string(k);
            });
          }
}

TEST(repartition, by_range_gives_even_runs_of_sorted_keys) {
  for (bool text : {false, true})
    for (uint32_t partitions : {2, 3, 4, 7}) {
      auto parts = dealt(testing::load(testing::random_rows({true, false, text, 700, 1400}, 3), partitions), "range");
      expect_even(parts, 0.1);
      uint32_t last = 0;
      for (auto& [k, p] : owners(parts)) {
        EXPECT_GE(p, last) << to_string(k);
        last = p;
      }
      EXPECT_EQ(last, partitions - 1);
    }
}

TEST(repartition, by_range_and_by_stream_cut_a_grid_along_few_lines) {
  auto loaded = testing::load(grid(60), 4);
  auto hashed = cut(loaded);
  EXPECT_GT(hashed, 4000u);
  for (auto partitioner : {"range", "stream"}) {
    auto parts = dealt(loaded, partitioner);
    expect_even(parts, 0.06);
    EXPECT_LE(cut(parts), 3u * 2 * 60) << partitioner;
  }
}

TEST(repartition, by_stream_finds_groups_that_keys_do_not_tell) {
  auto loaded = testing::load(grouped(4, 500), 4);
  auto parts = dealt(loaded, "stream");
  expect_even(parts, 0.12);
  EXPECT_LT(cut(parts) * 3, cut(loaded));
  EXPECT_LT(cut(parts) * 3, cut(dealt(loaded, "range")));
}

TEST(repartition, by_stream_does_not_depend_on_the_number_of_threads) {
  auto loaded = testing::load(testing::random_rows({true, false, false, 400, 1200}, 3), 3);
  auto many = owners(dealt(loaded, "stream"));
  tbb::global_control one{tbb::global_control::max_allowed_parallelism, 1};
  EXPECT_EQ(owners(dealt(loaded, "stream")), many);
}

TEST(repartition, by_stream_deals_out_what_has_no_edges_and_a_hub_larger_than_a_share) {
  graph_rows points, star;
  points.kind.keys = star.kind.keys = key_type::int64;
  for (int64_t i = 0; i < 1000; ++i) points.nodes.push_back({key{i}, value{}, value{}});
  expect_even(dealt(testing::load(points, 4), "stream"), 0.1);
  for (int64_t i = 1; i < 1000; ++i) star.edges.push_back({key{int64_t{0}}, key{i}, 0, value{}, value{}});
  auto loaded = testing::load(star, 4);
  for (auto partitioner : {"range", "stream"}) expect_same_graph(gather(dealt(loaded, partitioner)), gather(loaded));
}

TEST(repartition, takes_graphs_with_edits_and_edits_what_it_made) {
  for (bool directed : {true, false})
    for (auto partitioner : partitioners)
      for (uint32_t partitions : {2, 4}) {
        auto loaded = testing::load(testing::random_rows({directed, false, true, 80, 200}, 9), partitions);
        std::vector<edit> edits;
        auto name = [](int i) { return key{"n" + std::to_string(i * 7 - 300)}; };
        for (int i = 0; i < 12; ++i) edits.push_back({edit::what::upsert_node, name(i), {}, {}, {{"age", int64_t{i}}}, false});
        for (int i = 0; i < 12; i += 2) edits.push_back({edit::what::remove_node, name(i), {}, {}, {}, false});
        for (int i = 1; i < 30; ++i) edits.push_back({edit::what::upsert_edge, name(200 + i % 5), name(i), {}, {{"weight", double(i)}}, true});
        auto edited = [&](parts_of_graph parts) {
          in_process_hub{partitions}.run([&](communicator& all) {
            edit_report report;
            parts[all.rank()] = apply(parts[all.rank()], edits, report, all);
          });
          return parts;
        };
        auto expected = gather(edited(loaded));
        expect_same_graph(gather(edited(dealt(loaded, partitioner))), expected);
        expect_same_graph(gather(dealt(edited(loaded), partitioner)), expected);
        expect_same_graph(gather(edited(dealt(edited(loaded), partitioner))), gather(edited(edited(loaded))));
      }
}

TEST(repartition, puts_one_graph_where_another_has_its_nodes) {
  auto one = testing::load(testing::random_rows({true, false, false, 100, 300}, 1), 4), other = testing::load(testing::random_rows({true, false, false, 150, 300}, 2), 4);
  auto like = dealt(other, "range");
  parts_of_graph made(4);
  in_process_hub{4}.run([&](communicator& all) { made[all.rank()] = repartition_like(one[all.rank()], like[all.rank()], all); });
  auto there = owners(like);
  for (auto& [k, p] : owners(made)) EXPECT_EQ(p, there.contains(k) ? there[k] : owner_of(key_hash(k), 4)) << to_string(k);
  for (uint32_t p = 0; p < 4; ++p) {
    EXPECT_NO_THROW(check_owned_alike(*made[p], *like[p]));
    EXPECT_THROW(check_owned_alike(*made[p], *one[p]), failure);
  }
}

TEST(repartition, refuses_what_is_no_partitioner) {
  auto parts = testing::load(testing::random_rows({}, 1), 2);
  try {
    dealt(parts, "metis");
    FAIL();
  } catch (const failure& f) {
    EXPECT_STREQ(f.what(), "a partitioner is 'hash', 'range' or 'stream', not 'metis'");
  }
}

TEST(stored_graphs, keep_their_owners) {
  for (auto partitioner : partitioners) {
    auto parts = dealt(testing::load(testing::random_rows({}, 4), 3), partitioner);
    for (auto& g : parts) {
      std::map<hash128, byte_buffer> pages;
      auto root = write_graph(g, [&](auto& h) { return pages.contains(h); }, [&](auto& h, auto bytes) { pages.emplace(h, byte_buffer{bytes.begin(), bytes.end()}); });
      auto again = read_graph(root, testing::pages_from([&](auto& h) { return pages.at(h); }));
      EXPECT_EQ(partitioner_of(*again), partitioner);
      EXPECT_NO_THROW(check_owned_alike(*again, *g));
      ASSERT_EQ(again->owners != nullptr, g->owners != nullptr);
      if (!g->owners) continue;
      EXPECT_EQ(again->owners->hashes, g->owners->hashes);
      EXPECT_EQ(again->owners->owners, g->owners->owners);
    }
  }
}

TEST(rows_at_home, are_by_key_hash_and_find_the_way_back) {
  for (auto partitioner : partitioners)
    for (auto partitions : numbers_of_partitions) {
      auto parts = dealt(testing::load(testing::random_rows({true, false, true, 90, 200}, partitions), partitions), partitioner);
      std::vector<std::vector<hash128>> at_home(partitions);
      for (auto& [k, p] : owners(parts)) at_home[owner_of(key_hash(k), partitions)].push_back(key_hash(k));
      in_process_hub{partitions}.run([&](communicator& all) {
        auto& g = parts[all.rank()];
        column_builder of{"value", column_type::utf8};
        for (int32_t v = 0; v < g->size; ++v) of.append_bytes(to_hex(node_hash(g, v)));
        auto by_id = of.finish();
        rows_at_home home{g, all};
        auto rows = home.bring(by_id);
        auto& mine = at_home[all.rank()];
        std::sort(mine.begin(), mine.end());
        EXPECT_EQ(size_t(rows.length), mine.size());
        for (size_t i = 0; i < mine.size(); ++i) EXPECT_EQ(rows.bytes(int64_t(i)), to_hex(mine[i]));
        auto back = home.send_back(rows);
        EXPECT_EQ(back.length, by_id.length);
        for (int64_t v = 0; v < by_id.length; ++v) EXPECT_EQ(back.bytes(v), by_id.bytes(v));
      });
    }
}

}  // namespace
}  // namespace gli
