#include <gtest/gtest.h>

#include <map>

#include "partitions/dictionary.h"
#include "runtime/edit.h"
#include "partitions/rows.h"
#include "partitions/values.h"
#include "runtime/error.h"
#include "tests/partitions/random_graphs.h"

namespace gli {
namespace {

using edge_map = std::map<std::tuple<key, key, key>, parameters>;

edge_map edges_of(const graph& g) {
  edge_map all;
  for (int32_t v = 0; v < g->size; ++v)
    for (uint32_t slot = 0; slot < g->out_of(v).size(); ++slot)
      all[{node_key(g, v), node_key(g, g->out_of(v)[slot]), edge_key(g, v, slot).value_or(key{int64_t{0}})}] = edge_attributes(g, v, slot);
  return all;
}

void expect_same_graph(const graph& a, const graph& b) {
  ASSERT_EQ(a->nodes, b->nodes);
  auto ids = insertion_order(a), others = insertion_order(b);
  for (size_t i = 0; i < ids.size(); ++i) {
    ASSERT_EQ(node_key(a, ids[i]), node_key(b, others[i])) << i;
    ASSERT_EQ(node_attributes(a, ids[i]), node_attributes(b, others[i]));
    auto keys_in = [](const graph& g, int32_t v) {
      std::vector<key> keys;
      for (auto s : g->in_of(v)) keys.push_back(node_key(g, s));
      std::sort(keys.begin(), keys.end());
      return keys;
    };
    ASSERT_EQ(keys_in(a, ids[i]), keys_in(b, others[i]));
  }
  EXPECT_EQ(edges_of(a), edges_of(b));
  EXPECT_EQ(a->out.edges, b->out.edges);
  EXPECT_EQ(a->in.edges, b->in.edges);
  EXPECT_EQ(a->total_nodes, b->total_nodes);
  EXPECT_EQ(a->total_edges, b->total_edges);
  EXPECT_EQ(partition_facts(a), partition_facts(b));
}

TEST(gather, makes_the_graph_that_one_partition_would_have) {
  for (bool directed : {true, false})
    for (bool multi : {false, true})
      for (bool text : {false, true}) {
        auto rows = testing::random_rows({directed, multi, text, 1500, 4000}, 12);
        auto whole = testing::load(rows, 1)[0];
        for (uint32_t partitions : {2, 4}) {
          auto gathered = gather(testing::load(rows, partitions));
          expect_same_graph(gathered, whole);
          EXPECT_EQ(gathered->partitions, 1u);
          EXPECT_TRUE(gathered->peers.empty());
        }
      }
}

TEST(gather, leaves_out_what_a_selection_dropped) {
  auto rows = testing::random_rows({}, 13);
  auto kept = [](const graph& g) {
    return [&g](int32_t v) { return node_hash(g, v).low % 3 != 0; };
  };
  auto whole = testing::load(rows, 1)[0];
  solo alone;
  auto expected = restrict_to(whole, kept(whole), {}, alone);
  auto parts = testing::load(rows, 4);
  testing::in_process_hub{4}.run([&](communicator& all) {
    auto g = parts[all.rank()];
    parts[all.rank()] = restrict_to(g, kept(g), {}, all);
  });
  auto gathered = gather(parts);
  expect_same_graph(gathered, expected);
  EXPECT_EQ(gathered->size, int32_t(gathered->nodes));
}

TEST(gather, can_be_edited_further) {
  auto g = gather(testing::load(testing::random_rows({}, 14), 2));
  edit_report report;
  std::vector<edit> edits{{edit::what::add_node, int64_t{1 << 20}, {}, {}, {{"age", int64_t{3}}}, false}};
  auto next = apply(g, edits, report);
  EXPECT_EQ(next->nodes, g->nodes + 1);
  EXPECT_EQ(node_key(next, insertion_order(next).back()), key{int64_t{1 << 20}});
}

TEST(gather, brings_results_along) {
  auto rows = testing::random_rows({}, 15);
  std::vector<node_values> values;
  auto parts = testing::load(rows, 4);
  for (auto& g : parts) {
    column_builder out{"value", column_type::int64};
    for (int32_t v = 0; v < g->size; ++v) out.append_int64(std::get<int64_t>(node_key(g, v)) * 2);
    node_values twice{g, out.finish(), {}, {}};
    twice.provenance.algorithm = "twice";
    values.push_back(twice);
  }
  auto whole = gather(parts);
  auto all = gather(values, whole);
  EXPECT_EQ(all.provenance.algorithm, "twice");
  ASSERT_EQ(all.data.length, whole->size);
  for (int32_t v = 0; v < whole->size; ++v) EXPECT_EQ(all.data.int64(v), std::get<int64_t>(node_key(whole, v)) * 2);
}

TEST(gather, refuses_partitions_that_do_not_belong_together) {
  auto parts = testing::load(testing::random_rows({}, 16), 2);
  std::vector<graph> swapped{parts[1], parts[0]}, one{parts[0]};
  auto others = testing::load(testing::random_rows({}, 17), 2);
  std::vector<graph> mixed{parts[0], others[1]};
  EXPECT_THROW(gather(swapped), failure);
  EXPECT_THROW(gather(one), failure);
  EXPECT_THROW(gather(mixed), failure);
}

}  // namespace
}  // namespace gli
