#include <gtest/gtest.h>

#include "partitions/dictionary.h"
#include "runtime/edit.h"
#include "partitions/rows.h"
#include "runtime/error.h"
#include "tests/partitions/random_graphs.h"
#include "tests/partitions/same_graph.h"

namespace gli {
namespace {

using testing::expect_same_graph;

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
