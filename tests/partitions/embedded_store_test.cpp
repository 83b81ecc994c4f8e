// Commits as pages and as patches: what is read back is what was committed, whatever way it was stored.
#include "partitions/embedded_store.h"

#include <gtest/gtest.h>

#include "partitions/patch.h"
#include "runtime/error.h"
#include "version_model.h"

namespace gli {
namespace {

using storage::commit_record;
using storage::graph_store;

commit_record commit(embedded_store& store, const version& v, std::vector<node_values_ptr> results = {}, const std::string& branch = "main") {
  commit_record record;
  record.message = "m";
  auto head = store.head(branch);
  if (head) record.parents = {*head};
  return store.commit(v, results, std::move(record), branch, head);
}

version ring(int64_t nodes, graph_kind kind = {}) {
  std::vector<edit> edits;
  for (int64_t i = 0; i < nodes; ++i) edits.push_back(node_edit(what::add_node, i, {{"name", "node " + std::to_string(i)}}));
  for (int64_t i = 0; i < nodes; ++i) edits.push_back(edge_edit(what::add_edge, i, (i + 1) % nodes, {{"w", double(i) / 2}}));
  return edited(version{graph{kind}}, edits);
}

version touched(const version& v, int64_t i) {
  return edited(v, {edge_edit(what::remove_edge, i, i + 1), node_edit(what::remove_node, i + 20), node_edit(what::add_node, 10'000 + i, {{"x", i}}),
                    edge_edit(what::add_edge, 10'000 + i, i, {{"w", 0.25}}), node_edit(what::update_node, i, {{"name", value{}}})});
}

/// Everything that a graph shows, in its order.
void expect_equal(const version& a, const version& b) {
  auto x = a.fold(), y = b.fold();
  auto left = insertion_order(x), right = insertion_order(y);
  ASSERT_EQ(left.size(), right.size());
  for (size_t i = 0; i < left.size(); ++i) ASSERT_EQ(node_key(x, left[i]), node_key(y, right[i]));
  ASSERT_EQ(partition_facts(x), partition_facts(y));
  ASSERT_EQ(a.nodes(), b.nodes());
  ASSERT_EQ(a.edges(), b.edges());
}

class embedded_stores : public ::testing::Test {
 protected:
  std::shared_ptr<graph_store> history_ = graph_store::in_memory();
  embedded_store store_{*history_};
  /// As another process would open it: with nothing at hand.
  version read(const commit_record& c) { return embedded_store{*history_}.read(history_->resolve(to_hex(c.id))).at; }
};

TEST_F(embedded_stores, write_small_commits_as_patches_and_read_them_back) {
  std::vector<std::pair<commit_record, version>> all;
  auto v = ring(2000);
  all.emplace_back(commit(store_, v), v);
  for (int64_t i = 0; i < 10; ++i) {
    v = touched(v, 100 * i);
    all.emplace_back(commit(store_, v), v);
    EXPECT_TRUE(all.back().first.is_patch());
    EXPECT_TRUE(all.back().first.roots.empty());
  }
  for (auto& [record, was] : all) {
    expect_equal(read(record), was);
    solo alone;
    EXPECT_EQ(record.graph_id, identity_of(was.fold(), alone));
    EXPECT_EQ(record.nodes, was.nodes());
    EXPECT_EQ(record.edges, was.edges());
  }
  EXPECT_EQ(store_.verify(), std::vector<std::string>{});
}

TEST_F(embedded_stores, go_on_from_a_commit_that_was_read) {
  auto v = ring(2000);
  commit(store_, v);
  auto second = commit(store_, touched(v, 5));
  embedded_store later{*history_};
  auto back = later.read(history_->resolve("main")).at;
  auto third = commit(later, touched(back, 300));
  EXPECT_TRUE(third.is_patch());
  EXPECT_EQ(third.parents.front(), second.id);
  expect_equal(read(third), touched(touched(v, 5), 300));
}

TEST_F(embedded_stores, write_pages_again_before_patches_outweigh_them) {
  auto v = ring(200);
  auto bytes = commit(store_, v).page_bytes;
  size_t with_pages = 0;
  for (int64_t i = 0; i < 100; ++i) {
    v = edited(v, {node_edit(what::update_node, i, {{"name", "another " + std::to_string(i)}}), node_edit(what::add_node, 10'000 + i)});
    auto done = commit(store_, v);
    with_pages += !done.is_patch();
    EXPECT_LE(done.patch_bytes, done.page_bytes);
    expect_equal(read(done), v);
  }
  EXPECT_GE(with_pages, 1u);
  EXPECT_LE(with_pages, 100 * 1024 / bytes + 2);
  EXPECT_EQ(store_.verify(), std::vector<std::string>{});
}

TEST_F(embedded_stores, write_pages_for_what_does_not_come_from_the_parent) {
  auto v = ring(2000);
  commit(store_, v);
  EXPECT_FALSE(commit(store_, ring(2000)).is_patch());
  graph_kind undirected;
  undirected.directed = false;
  EXPECT_FALSE(commit(store_, ring(2000, undirected)).is_patch());
  EXPECT_EQ(store_.verify(), std::vector<std::string>{});
}

TEST_F(embedded_stores, keep_the_order_of_nodes_when_an_older_graph_is_committed_again) {
  auto v = ring(2000);
  commit(store_, v);
  auto less = commit(store_, edited(v, {node_edit(what::remove_node, int64_t{7})}));
  EXPECT_TRUE(less.is_patch());
  auto again = commit(store_, v);
  EXPECT_FALSE(again.is_patch());
  expect_equal(read(again), v);
  auto more = commit(store_, edited(v, {node_edit(what::add_node, int64_t{77'777})}));
  EXPECT_TRUE(more.is_patch());
  auto undone = commit(store_, v);
  EXPECT_TRUE(undone.is_patch());
  expect_equal(read(undone), v);
}

TEST_F(embedded_stores, read_results_of_commits_beside_patches) {
  auto v = ring(2000);
  commit(store_, v);
  auto w = touched(v, 5);
  auto g = w.fold();
  column_builder rows{"value", column_type::int64};
  for (int32_t i = 0; i < g->size; ++i) rows.append_int64(i);
  auto values = std::make_shared<const node_values>(node_values{g, rows.finish(), {"rank", 1, {}}, {}});
  auto done = commit(store_, w, {values});
  EXPECT_TRUE(done.is_patch());
  embedded_store later{*history_};
  auto back = later.read(done);
  auto result = later.read_result(done, 0, back);
  for (int32_t i = 0; i < g->size; ++i)
    if (g->live(i)) { EXPECT_EQ(result.data.at(*find_node(result.of, node_key(g, i))), value{int64_t{i}}); }
  EXPECT_THROW(later.read_result(done, 1, back), failure);
}

TEST_F(embedded_stores, name_a_patch_that_leads_elsewhere) {
  auto v = ring(2000);
  auto base = commit(store_, v);
  commit_record lie;
  lie.graph_id = {1, 2};
  lie.parents = {base.id};
  lie.message = "lie";
  auto p = patch_between(v, touched(v, 5));
  auto done = history_->publish(lie, "main", base.id, encode(p));
  EXPECT_THROW(read(done), failure);
  auto damage = store_.verify();
  ASSERT_EQ(damage.size(), 1u);
  EXPECT_NE(damage[0].find("commit " + to_hex(done.id) + ": what is stored is graph"), std::string::npos) << damage[0];
  lie.message = "nothing that it removes is there";
  auto misfit = history_->publish(lie, "main", done.id, encode(patch_between(edited(v, {node_edit(what::add_node, int64_t{-5})}), v)));
  EXPECT_THROW(read(misfit), failure);
  lie.message = "no patch at all";
  EXPECT_THROW(read(history_->publish(lie, "main", misfit.id, std::vector<uint8_t>{1, 2, 3})), failure);
}

TEST_F(embedded_stores, follow_branches_that_part_at_a_patch) {
  auto v = ring(2000);
  commit(store_, v);
  auto w = touched(v, 5);
  commit(store_, w);
  history_->create_branch("side", "main");
  auto here = commit(store_, touched(w, 100)), there = commit(store_, touched(w, 200), {}, "side");
  EXPECT_TRUE(here.is_patch() && there.is_patch());
  expect_equal(read(here), touched(w, 100));
  expect_equal(read(there), touched(w, 200));
  EXPECT_EQ(store_.verify(), std::vector<std::string>{});
}

}  // namespace
}  // namespace gli
