#include "storage/gc.h"

#include "storage/clock.h"
#include "storage/pending.h"
#include "tests/storage/made_trees.h"

namespace gli::storage {
namespace {

using namespace testing;

class collected_stores : public ::testing::TestWithParam<std::string> {
 protected:
  scratch_directory directory_;
  std::shared_ptr<graph_store> store_ =
      GetParam() == "memory" ? graph_store::in_memory() : graph_store::open(directory_ / "network.gli", true);

  gc_report gc(gc_options options = {}) { return store_->gc(options, test_format); }
  gc_report gc_without_reflog() { return gc({.keep_reflog = 0}); }
};

INSTANTIATE_TEST_SUITE_P(both, collected_stores, ::testing::Values("memory", "disk"), [](auto& i) { return i.param; });

/// The pages that the commits lead to, by partition.
std::vector<hashes> needed(graph_store& s, const std::set<hash128>& commits, uint32_t partitions) {
  std::vector<hashes> all(partitions);
  for (auto& id : commits)
    for (uint32_t p = 0; p < partitions; ++p)
      add_reached(s.pool(p), s.resolve(to_hex(id)).roots.at(p), all[p]);
  return all;
}

TEST_P(collected_stores, keeps_all_that_the_reflog_names_and_removes_it_when_asked) {
  auto a = commit_leaves(*store_, "a", 0, 100), b = commit_leaves(*store_, "b", 50, 100);
  store_->move_branch("main", b.id, a.id, "undo");
  auto all = pages_in(store_->pool(0));
  auto report = gc();
  EXPECT_EQ(report.commits.removed, 0u);
  EXPECT_EQ(pages_in(store_->pool(0)), all);
  report = gc_without_reflog();
  EXPECT_EQ(report.commits.kept, 1u);
  EXPECT_EQ(report.commits.removed, 1u);
  EXPECT_EQ(report.reflog.removed, 3u);
  EXPECT_EQ(store_->reflog(0).size(), 0u);
  EXPECT_EQ(pages_in(store_->pool(0)), needed(*store_, {a.id}, 1)[0]);
  EXPECT_EQ(report.pages.kept + report.pages.removed, all.size());
  EXPECT_EQ(report.pages.kept, pages_in(store_->pool(0)).size());
  EXPECT_FAILURE(errc::key, to_hex(b.id), store_->resolve(to_hex(b.id)));
  EXPECT_EQ(store_->verify(), std::vector<std::string>{});
}

TEST_P(collected_stores, a_dry_run_says_the_same_and_changes_nothing) {
  auto a = commit_leaves(*store_, "a", 0, 100), b = commit_leaves(*store_, "b", 50, 100);
  store_->move_branch("main", b.id, a.id, "undo");
  auto pages = pages_in(store_->pool(0));
  auto said = gc({.keep_reflog = 0, .dry_run = true});
  EXPECT_EQ(pages_in(store_->pool(0)), pages);
  EXPECT_EQ(store_->reflog(0).size(), 3u);
  EXPECT_EQ(store_->resolve(to_hex(b.id)).id, b.id);
  auto done = gc_without_reflog();
  for (auto of : {&gc_report::commits, &gc_report::reflog, &gc_report::pages, &gc_report::bytes}) {
    EXPECT_EQ((said.*of).kept, (done.*of).kept);
    EXPECT_EQ((said.*of).removed, (done.*of).removed);
  }
}

TEST_P(collected_stores, what_is_asked_for_stays_with_its_ancestors) {
  auto a = commit_leaves(*store_, "a", 0, 10), b = commit_leaves(*store_, "b", 10, 10), c = commit_leaves(*store_, "c", 20, 10);
  store_->move_branch("main", c.id, std::nullopt, "undo");
  gc({.keep_reflog = 0, .keep = {b.id, hash128{1, 2}}});
  EXPECT_EQ(store_->resolve(to_hex(a.id)).id, a.id);
  EXPECT_EQ(store_->resolve(to_hex(b.id)).id, b.id);
  EXPECT_FAILURE(errc::key, to_hex(c.id), store_->resolve(to_hex(c.id)));
}

TEST_P(collected_stores, a_kept_result_stays_as_long_as_a_commit_of_its_graph) {
  auto a = commit_leaves(*store_, "a", 0, 10), b = commit_leaves(*store_, "b", 100, 10);
  hash128 root;
  store_->pool(0).store([&](auto& batch) { return std::vector{root = put_root(3, {{500, 501}}, into(batch))}; });
  store_->keep_result(b.id, {{"bfs", 1, {}}, {root}});
  gc_without_reflog();
  EXPECT_TRUE(store_->find_result(b.graph_id, {"bfs", 1, {}}));
  EXPECT_EQ(store_->verify(test_format), std::vector<std::string>{});
  store_->move_branch("main", b.id, a.id, "undo");
  gc_without_reflog();
  EXPECT_FALSE(store_->find_result(b.graph_id, {"bfs", 1, {}}));
  EXPECT_EQ(pages_in(store_->pool(0)), needed(*store_, {a.id}, 1)[0]);
  EXPECT_FAILURE(errc::conflict, to_hex(root), store_->keep_result(a.id, {{"bfs", 1, {}}, {root}}));
  EXPECT_TRUE(store_->results_of(a.graph_id).empty());
}

/// The oracle knows branches, tags and parents as plain maps.
TEST_P(collected_stores, keep_what_a_root_reaches_and_nothing_else) {
  std::mt19937 random{GetParam() == "memory" ? 1u : 2u};
  std::map<std::string, hash128> names;
  std::map<hash128, std::vector<hash128>> parents;
  uint64_t removed = 0;
  for (int step = 0; step < 150; ++step) {
    auto branch = "b" + std::to_string(random() % 4);
    auto what = random() % 10;
    auto known = names.contains(branch);
    if (what < 5) {
      if (!known) store_->create_branch(branch, names.empty() ? "" : to_hex(names.begin()->second));
      auto c = commit_leaves(*store_, std::to_string(step), int(random() % 300), 1 + int(random() % 150), branch, 2);
      names[branch] = c.id, parents[c.id] = c.parents;
    } else if (what < 6 && known && !names.contains("t/" + branch)) {
      store_->create_tag("t/" + branch, branch);
      names["t/" + branch] = names[branch];
    } else if (what < 7 && known && !parents[names[branch]].empty()) {
      auto to = parents[names[branch]][0];
      store_->move_branch(branch, names[branch], to, "undo");
      names[branch] = to;
    } else if (what < 8 && known) {
      store_->delete_branch(branch, true);
      names.erase(branch);
    } else if (what < 9 && names.contains("t/" + branch)) {
      store_->delete_tag("t/" + branch);
      names.erase("t/" + branch);
    } else {
      removed += gc({.keep_reflog = 0, .sweep_pages = 1 + random() % 100}).commits.removed;
      std::set<hash128> alive;
      std::vector<hash128> next;
      for (auto& [name, id] : names) next.push_back(id);
      while (!next.empty()) {
        auto id = next.back();
        next.pop_back();
        if (!alive.insert(id).second) continue;
        for (auto& p : parents[id]) next.push_back(p);
      }
      for (auto& [id, ignored] : parents)
        if (!alive.contains(id)) EXPECT_FAILURE(errc::key, to_hex(id), store_->resolve(to_hex(id)));
      auto expected = needed(*store_, alive, 2);
      ASSERT_EQ(pages_in(store_->pool(0)), expected[0]) << step;
      ASSERT_EQ(pages_in(store_->pool(1)), expected[1]) << step;
      ASSERT_EQ(store_->verify(), std::vector<std::string>{});
      std::erase_if(parents, [&](auto& p) { return !alive.contains(p.first); });
    }
  }
  EXPECT_GT(removed, 10u);
}

TEST_P(collected_stores, a_damaged_store_is_left_as_it_is) {
  auto a = commit_leaves(*store_, "a", 0, 100), b = commit_leaves(*store_, "b", 200, 100);
  store_->move_branch("main", b.id, a.id, "undo");
  auto page = content_hash(noise(20, 0));
  auto w = store_->pool(0).environment().write();
  w->erase(table::pages, key_of(page));
  w->commit();
  auto pages = pages_in(store_->pool(0));
  EXPECT_FAILURE(errc::corrupt, "page " + to_hex(page) + " is missing", gc_without_reflog());
  EXPECT_EQ(pages_in(store_->pool(0)), pages);
  EXPECT_EQ(store_->reflog(0).size(), 3u);
  EXPECT_EQ(store_->resolve(to_hex(b.id)).id, b.id);
}

TEST_P(collected_stores, a_node_that_was_changed_is_named) {
  auto a = commit_leaves(*store_, "a", 0, 100);
  auto trees = *test_format(store_->pool(0).get(a.roots[0]));
  auto w = store_->pool(0).environment().write();
  w->put(table::pages, key_of(trees[0].top), noise(8 + 16 * 2, 5));
  w->commit();
  EXPECT_FAILURE(errc::corrupt, "page " + to_hex(trees[0].top) + " does not match its hash", gc());
}

TEST_P(collected_stores, pages_that_wait_for_their_commit_stay_and_are_published) {
  commit_leaves(*store_, "a", 0, 50);
  commit_record c;
  store_->pool(0).store([&](auto& batch) { return c.roots = {put_root(7, {{100, 101, 102}}, into(batch))}; });
  auto pages = pages_in(store_->pool(0));
  EXPECT_EQ(gc_without_reflog().pages.removed, 0u);
  EXPECT_EQ(pages_in(store_->pool(0)), pages);
  c.parents = {*store_->head("main")};
  auto published = store_->publish(c, "main", c.parents[0]);
  store_->move_branch("main", published.id, c.parents[0], "undo");
  EXPECT_EQ(gc_without_reflog().pages.removed, 5u);
}

TEST_P(collected_stores, pages_that_waited_too_long_go_and_cannot_be_published) {
  commit_leaves(*store_, "a", 0, 50);
  commit_record c;
  c.parents = {*store_->head("main")};
  store_->pool(0).store([&](auto& batch) { return c.roots = {put_root(7, {{100, 101, 102}}, into(batch))}; });
  auto w = store_->pool(0).environment().write();
  pending_record late{this_process(), {{microseconds_now() - pending_for - 1, c.roots}}};
  w->put(table::pending, key_of(pending_key(late.process)), encode(late));
  w->commit();
  EXPECT_EQ(gc().pages.removed, 5u);
  EXPECT_FAILURE(errc::conflict, to_hex(c.roots[0]), store_->publish(c, "main", c.parents[0]));
  EXPECT_TRUE(pending_in(*store_->pool(0).environment().read()).empty());
}

/// gc() runs between what a batch found and its commit: it is built anew, and the second time it writes what it had found.
TEST_P(collected_stores, a_batch_that_stood_on_pages_that_went_is_built_anew) {
  auto a = commit_leaves(*store_, "a", 0, 10), b = commit_leaves(*store_, "b", 10, 10);
  store_->move_branch("main", b.id, a.id, "undo");
  int built = 0;
  commit_record c;
  c.parents = {a.id};
  store_->pool(0).store([&](auto& batch) {
    c.roots = {put_root(1, {{10, 11, 500}}, into(batch))};
    if (++built == 1) gc_without_reflog();
    return c.roots;
  });
  EXPECT_EQ(built, 2);
  store_->publish(c, "main", a.id);
  expect_closed(store_->pool(0));
  EXPECT_EQ(gc().pages.removed, 0u);
}

/// Whatever happens between two transactions of gc() is seen by the next one.
TEST_P(collected_stores, what_is_written_while_it_runs_stays) {
  auto a = commit_leaves(*store_, "a", 0, 100), b = commit_leaves(*store_, "b", 200, 200);
  store_->move_branch("main", b.id, a.id, "undo");
  std::vector<commit_record> meanwhile;
  int calls = 0;
  gc({.keep_reflog = 0, .sweep_pages = 20, .between = [&] {
        if (++calls < 5) meanwhile.push_back(commit_leaves(*store_, "meanwhile " + std::to_string(calls), 200 + 40 * calls, 60));
      }});
  EXPECT_GT(calls, 5);
  expect_closed(store_->pool(0));
  EXPECT_EQ(store_->log("main", 0).size(), 5u);
  std::set<hash128> alive{a.id};
  for (auto& c : meanwhile) alive.insert(c.id);
  auto pages = needed(*store_, alive, 1);
  for (auto& page : pages[0]) EXPECT_TRUE(store_->pool(0).has(page));
  gc_without_reflog();
  EXPECT_EQ(pages_in(store_->pool(0)), needed(*store_, alive, 1)[0]);
}

TEST_P(collected_stores, a_reader_reads_to_the_end_what_it_pinned) {
  auto a = commit_leaves(*store_, "a", 0, 10), b = commit_leaves(*store_, "b", 100, 50);
  auto pages = store_->pages_of(b);
  store_->move_branch("main", b.id, a.id, "undo");
  gc_without_reflog();
  for (int leaf = 100; leaf < 150; ++leaf) {
    auto page = leaf_page(leaf);
    EXPECT_EQ(pages[0].get(content_hash(page)), page);
    EXPECT_FALSE(store_->pool(0).has(content_hash(page)));
  }
  EXPECT_FAILURE(errc::key, "gc() has removed it", store_->pages_of(b));
}

TEST_P(collected_stores, one_gc_is_at_work_at_a_time) {
  auto a = commit_leaves(*store_, "a", 0, 10), b = commit_leaves(*store_, "b", 10, 10);
  store_->move_branch("main", b.id, a.id, "undo");
  gc({.keep_reflog = 0, .between = [&] { EXPECT_FAILURE(errc::conflict, "another gc()", gc()); }});
  EXPECT_EQ(gc_without_reflog().commits.kept, 1u);
}

TEST(pending, notes_come_back_as_they_were) {
  pending_record r;
  r.process = {"a host", 7, 8};
  r.batches = {{1, {{1, 2}, {3, 4}}}, {2, {}}};
  auto back = decode_pending(encode(r));
  EXPECT_EQ(back.process, r.process);
  ASSERT_EQ(back.batches.size(), 2u);
  EXPECT_EQ(back.batches[0].roots, r.batches[0].roots);
  EXPECT_EQ(back.batches[1].time, 2);
  EXPECT_FAILURE(errc::corrupt, "checksum", decode_pending(noise(60, 1)));
}

TEST(pending, a_process_notes_its_latest_batches) {
  auto store = graph_store::in_memory();
  auto& environment = store->pool(0).environment();
  for (uint64_t i = 1; i <= 40; ++i) {
    auto w = environment.write();
    note_pending(*w, std::vector{hash128{i, 0}}, int64_t(i));
    w->commit();
  }
  auto rows = pending_in(*environment.read());
  ASSERT_EQ(rows.size(), 1u);
  ASSERT_EQ(rows[0].batches.size(), most_pending_batches);
  EXPECT_EQ(rows[0].batches.front().time, 25);
  EXPECT_EQ(rows[0].batches.back().time, 40);
}

TEST(pending, a_process_that_ended_is_known_to_be_dead_on_its_host_alone) {
  steps begun, end;
  child_process child{[&] {
    begun.post();
    end.await();
  }};
  begun.await();
  auto me = this_process();
  ASSERT_FALSE(me.host.empty());
  EXPECT_FALSE(is_known_dead(me));
  EXPECT_TRUE(is_known_dead({me.host, me.id, me.started + 1})) << "another process had this id";
  process_name other{me.host, uint64_t(child.pid()), 0};
  EXPECT_TRUE(is_known_dead(other)) << "it began later than that";
  end.post();
  child.wait();
  EXPECT_TRUE(is_known_dead(other));
  EXPECT_FALSE(is_known_dead({"elsewhere", other.id, 0}));
}

}  // namespace
}  // namespace gli::storage
