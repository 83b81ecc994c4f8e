// Commits, branches, revisions and reflog, in memory and on disk.
#include "storage/states.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <thread>

#include "storage/manifest.h"
#include "tests/storage/scratch.h"

namespace gli::storage {
namespace {

using namespace testing;

class graph_stores : public ::testing::TestWithParam<std::string> {
 protected:
  scratch_directory directory_;
  const std::string path_ = directory_ / "network.gli";
  std::shared_ptr<graph_store> store_ = GetParam() == "disk" ? graph_store::open(path_, true) : graph_store::in_memory();
};
INSTANTIATE_TEST_SUITE_P(both, graph_stores, ::testing::Values("memory", "disk"), [](auto& info) { return info.param; });

std::vector<std::string> messages(const std::vector<commit_record>& commits) {
  std::vector<std::string> texts;
  for (auto& c : commits) texts.push_back(c.message);
  return texts;
}
using texts = std::vector<std::string>;

TEST_P(graph_stores, a_fresh_store_is_on_main_without_commits) {
  EXPECT_EQ(store_->current_branch(), "main");
  EXPECT_EQ(store_->head("main"), std::nullopt);
  ASSERT_EQ(store_->branches().size(), 1u);
  EXPECT_EQ(store_->branches()[0].first, "main");
  EXPECT_TRUE(store_->log("", 0).empty());
  EXPECT_TRUE(store_->reflog(0).empty());
  EXPECT_FAILURE(errc::key, "no commits", store_->resolve("main"));
  EXPECT_FAILURE(errc::key, "no commits", store_->resolve("main~1"));
  EXPECT_EQ(store_->verify(), texts{});
}

TEST_P(graph_stores, publish_moves_the_branch_and_fills_id_and_time) {
  auto c = commit(*store_, "Monday");
  EXPECT_NE(c.time, 0);
  EXPECT_EQ(c.id, commit_id(c));
  EXPECT_EQ(store_->head("main"), c.id);
  auto back = store_->resolve("main");
  EXPECT_EQ(back.id, c.id);
  EXPECT_EQ(encode(back), encode(c));
  auto info = describe(back);
  EXPECT_EQ(info.id, to_hex(c.id));
  EXPECT_EQ(info.graph_id, to_hex(c.graph_id));
  EXPECT_EQ(info.message, "Monday");
  EXPECT_EQ(info.author, "ann");
}

TEST_P(graph_stores, publish_refuses_a_branch_that_moved_and_changes_nothing) {
  auto first = commit(*store_, "first");
  commit_record late;
  late.message = "late";
  EXPECT_FAILURE(errc::conflict, to_hex(first.id), store_->publish(late, "main", std::nullopt));
  EXPECT_FAILURE(errc::conflict, "main", store_->publish(late, "main", hash128{1, 1}));
  EXPECT_EQ(messages(store_->log("main", 0)), texts{"first"});
  EXPECT_EQ(store_->reflog(0).size(), 1u);
}

TEST_P(graph_stores, publish_refuses_unknown_branches_and_parents) {
  commit_record c;
  EXPECT_FAILURE(errc::key, "nowhere", store_->publish(c, "nowhere", {}));
  c.parents = {hash128{1, 2}};
  EXPECT_FAILURE(errc::key, to_hex(c.parents[0]), store_->publish(c, "main", {}));
}

TEST_P(graph_stores, publish_refuses_roots_that_are_not_there) {
  store_->pool(0);
  commit_record c;
  c.roots = {content_hash(as_bytes("not there"))};
  EXPECT_FAILURE(errc::conflict, to_hex(c.roots[0]), store_->publish(c, "main", {}));
  EXPECT_EQ(store_->head("main"), std::nullopt);
  c.roots = {};
  c.results = {{{"pagerank", 1, {}}, {hash128{5, 5}}}};
  EXPECT_FAILURE(errc::conflict, "a root of the commit", store_->publish(c, "main", {}));
}

TEST_P(graph_stores, two_commits_of_one_content_differ) {
  std::set<std::string> ids;
  for (int i = 0; i < 20; ++i) {
    auto branch = std::to_string(i);
    store_->create_branch(branch, "");
    commit_record c;
    c.message = "same";
    ids.insert(to_hex(store_->publish(c, branch, {}).id));
  }
  EXPECT_EQ(ids.size(), 20u);
}

TEST_P(graph_stores, a_commit_with_a_given_time_is_published_once) {
  commit_record c;
  c.time = 1'700'000'000'000'000;
  auto published = store_->publish(c, "main", {});
  EXPECT_EQ(published.time, c.time);
  store_->create_branch("other", "");
  EXPECT_FAILURE(errc::conflict, to_hex(published.id), store_->publish(c, "other", published.id));
}

TEST_P(graph_stores, log_is_all_that_a_commit_came_from_newest_first) {
  auto a = commit(*store_, "a"), b = commit(*store_, "b");
  store_->create_branch("side", "main~1");
  auto s = commit(*store_, "s", "side");
  commit_record merge;
  merge.message = "merge";
  merge.parents = {b.id, s.id};
  store_->publish(merge, "main", b.id);
  EXPECT_EQ(messages(store_->log("main", 0)), (texts{"merge", "s", "b", "a"}));
  EXPECT_EQ(messages(store_->log("side", 0)), (texts{"s", "a"}));
  EXPECT_EQ(messages(store_->log("main", 2)), (texts{"merge", "s"}));
  EXPECT_EQ(messages(store_->log("", 1)), (texts{"merge"}));
  EXPECT_EQ(messages(store_->log("main~1", 0)), (texts{"b", "a"}));
}

TEST_P(graph_stores, revisions_are_branches_prefixes_and_steps_back) {
  auto a = commit(*store_, "a"), b = commit(*store_, "b"), c = commit(*store_, "c");
  EXPECT_EQ(store_->resolve("main").id, c.id);
  EXPECT_EQ(store_->resolve("").id, c.id);
  EXPECT_EQ(store_->resolve("main~0").id, c.id);
  EXPECT_EQ(store_->resolve("main~").id, b.id);
  EXPECT_EQ(store_->resolve("main~2").id, a.id);
  EXPECT_EQ(store_->resolve(to_hex(a.id)).id, a.id);
  EXPECT_EQ(store_->resolve(to_hex(b.id).substr(0, 9)).id, b.id);
  EXPECT_EQ(store_->resolve(to_hex(c.id).substr(0, 8) + "~1").id, b.id);
  EXPECT_FAILURE(errc::key, "main~3", store_->resolve("main~3"));
  EXPECT_FAILURE(errc::key, "main~x", store_->resolve("main~x"));
  EXPECT_FAILURE(errc::key, "main~1~1", store_->resolve("main~1~1"));
  EXPECT_FAILURE(errc::key, "nowhere", store_->resolve("nowhere"));
  EXPECT_FAILURE(errc::key, "neither", store_->resolve(to_hex(a.id).substr(0, 3)));
  EXPECT_FAILURE(errc::key, "neither", store_->resolve(to_hex(a.id) + "0"));
  EXPECT_FAILURE(errc::key, "neither", store_->resolve(std::string(600, 'a')));
}

/// Commits until two ids share four digits: 2^16 of them, so a few hundred are enough.
TEST_P(graph_stores, a_prefix_of_two_commits_is_ambiguous) {
  auto source = graph_store::in_memory();
  std::set<std::string> seen;
  std::string shared;
  for (int i = 0; shared.empty() && i < 5000; ++i) {
    commit_record c;
    c.time = 1 + i;
    auto head = source->head("main");
    auto id = to_hex(source->publish(c, "main", head).id);
    if (!seen.insert(id.substr(0, 4)).second) shared = id.substr(0, 4);
  }
  ASSERT_FALSE(shared.empty());
  EXPECT_FAILURE(errc::key, "it begins", source->resolve(shared));
}

TEST_P(graph_stores, branches_are_made_and_switched) {
  auto a = commit(*store_, "a");
  store_->create_branch("clean", "");
  store_->create_branch("team/x", "main");
  EXPECT_EQ(store_->current_branch(), "main");
  store_->switch_branch("clean");
  EXPECT_EQ(store_->current_branch(), "clean");
  auto b = commit(*store_, "b", "clean");
  EXPECT_EQ(store_->head("main"), a.id);
  EXPECT_EQ(store_->head("clean"), b.id);
  auto all = store_->branches();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].first, "clean");
  EXPECT_EQ(all[1].first, "main");
  EXPECT_EQ(all[2].first, "team/x");
  EXPECT_EQ(all[2].second, a.id);
  EXPECT_EQ(store_->resolve("").message, "b");
  EXPECT_FAILURE(errc::key, "nowhere", store_->switch_branch("nowhere"));
  EXPECT_FAILURE(errc::key, "nowhere", store_->head("nowhere"));
  EXPECT_FAILURE(errc::key, "nowhere", store_->create_branch("x", "nowhere"));
  EXPECT_FAILURE(errc::value, "clean", store_->create_branch("clean", ""));
}

TEST_P(graph_stores, branch_names_are_as_in_git) {
  for (auto bad : {"",   " ",    "a b", "a~1",  "a..b", "a^",     "a:b",      "a?", "a*", "a[b",  "a\\b", "/a",
                   "a/", "a//b", ".a",  "a/.b", "a.",   "a.lock", "a.lock/b", "-a", "@",  "a@{b", "a\nb", "a\x7f"})
    EXPECT_FAILURE(errc::value, "branch name", store_->create_branch(bad, ""));
  EXPECT_FAILURE(errc::value, "255", store_->create_branch(std::string(256, 'a'), ""));
  for (auto good : {"a", "a.b", "feature/x-1", "a@b", "caf\xc3\xa9", "2024"}) EXPECT_NO_THROW(store_->create_branch(good, ""));
}

TEST_P(graph_stores, the_reflog_tells_every_move_newest_first) {
  auto a = commit(*store_, "a\nwith a body");
  store_->create_branch("side", "main");
  auto b = commit(*store_, "b", "side");
  auto log = store_->reflog(0);
  ASSERT_EQ(log.size(), 3u);
  EXPECT_EQ(log[0].sequence, 3u);
  EXPECT_EQ(log[0].branch, "side");
  EXPECT_EQ(log[0].before, a.id);
  EXPECT_EQ(log[0].after, b.id);
  EXPECT_EQ(log[0].action, "commit: b");
  EXPECT_EQ(log[1].action, "branch: created from main");
  EXPECT_EQ(log[1].before, std::nullopt);
  EXPECT_EQ(log[2].action, "commit: a");
  EXPECT_NE(log[2].time, 0);
  EXPECT_EQ(store_->reflog(1).size(), 1u);
}

TEST_P(graph_stores, of_many_publishers_at_once_each_commit_lands_in_one_line) {
  auto work = [&](int who) {
    for (int i = 0; i < 10; ++i)
      for (auto landed = false; !landed;) {
        commit_record c;
        c.message = std::to_string(who) + "." + std::to_string(i);
        auto head = store_->head("main");
        if (head) c.parents = {*head};
        auto [code, message] = failure_of([&] { store_->publish(c, "main", head); });
        landed = message.empty();
        if (!landed && code != errc::conflict) ADD_FAILURE() << message;
      }
  };
  std::thread a{work, 1}, b{work, 2}, c{work, 3};
  a.join(), b.join(), c.join();
  auto line = messages(store_->log("main", 0));
  EXPECT_EQ(line.size(), 30u);
  EXPECT_EQ(std::set(line.begin(), line.end()).size(), 30u);
  EXPECT_EQ(store_->reflog(0).size(), 30u);
}

TEST_P(graph_stores, verify_names_roots_and_parents_that_are_missing) {
  auto good = commit(*store_, "good");
  commit_record c;
  c.message = "bad";
  c.parents = {good.id};
  c.roots = {store_page(store_->pool(0), as_bytes("there"))};
  c.results = {{{"pagerank", 1, {}}, {store_page(store_->pool(0), as_bytes("there too"))}}};
  auto bad = store_->publish(c, "main", good.id);
  auto w = store_->pool(0).environment().write();
  w->erase(table::pages, key_of(c.roots[0]));
  w->erase(table::pages, key_of(c.results[0].roots[0]));
  w->commit();
  auto damage = store_->verify();
  ASSERT_EQ(damage.size(), 2u);
  EXPECT_NE(damage[0].find(to_hex(bad.id) + ": its root in partition 0, page " + to_hex(c.roots[0]) + ", is missing"), std::string::npos)
      << damage[0];
  EXPECT_NE(damage[1].find("result pagerank"), std::string::npos) << damage[1];
}

TEST_P(graph_stores, pools_of_partitions_are_apart) {
  auto h = store_page(store_->pool(0), as_bytes("page"));
  EXPECT_FALSE(store_->pool(1).has(h));
  EXPECT_TRUE(store_->pool(0).has(h));
  EXPECT_EQ(&store_->pool(1), &store_->pool(1));
}

class store_directory : public ::testing::Test {
 protected:
  scratch_directory directory_;
  const std::string path_ = directory_ / "network.gli";
  std::shared_ptr<ordered_store> manifest() { return open_lmdb(path_ + "/manifest", false); }
};

TEST_F(store_directory, opens_again_with_everything) {
  std::string id;
  {
    auto store = graph_store::open(path_, true);
    id = to_hex(commit(*store, "Monday").id);
    store->create_branch("clean", "");
    store->switch_branch("clean");
  }
  auto store = graph_store::open(path_, false);
  EXPECT_EQ(store->path(), path_);
  EXPECT_EQ(store->current_branch(), "clean");
  EXPECT_EQ(to_hex(store->resolve("clean").id), id);
  EXPECT_EQ(text(store->pool(0).get(store->resolve("").roots[0])), "root of Monday");
  EXPECT_EQ(store->verify(), texts{});
}

TEST_F(store_directory, is_seen_by_two_processes_at_once) {
  steps to_parent;
  child_process child{[&] {
    auto store = graph_store::open(path_, true);
    for (int i = 0; i < 3; ++i) commit(*store, "child " + std::to_string(i));
    to_parent.post();
    ::pause();
  }};
  to_parent.await();
  auto store = graph_store::open(path_, false);
  EXPECT_EQ(messages(store->log("", 0)), (texts{"child 2", "child 1", "child 0"}));
  commit(*store, "parent");
  EXPECT_EQ(store->verify(), texts{});
}

TEST_F(store_directory, is_made_once_by_processes_that_make_it_at_once) {
  std::vector<std::unique_ptr<child_process>> children;
  for (uint32_t i = 0; i < 6; ++i)
    children.push_back(std::make_unique<child_process>([&, i] {
      auto store = graph_store::open(path_, true);
      store_page(store->pool(i), as_bytes("page " + std::to_string(i)));
    }));
  for (auto& child : children) EXPECT_EQ(child->wait(), 0);
  auto store = graph_store::open(path_, false);
  for (uint32_t i = 0; i < 6; ++i) EXPECT_TRUE(store->pool(i).has(content_hash(as_bytes("page " + std::to_string(i)))));
  EXPECT_EQ(store->branches().size(), 1u);
  EXPECT_EQ(store->verify(), texts{});
}

TEST_F(store_directory, is_not_made_where_something_else_lies) {
  EXPECT_FAILURE(errc::not_found, path_, graph_store::open(path_, false));
  std::filesystem::create_directories(path_);
  EXPECT_FAILURE(errc::not_found, "no manifest", graph_store::open(path_, false));
  write_file(path_ + "/letters.txt", as_bytes("dear"));
  EXPECT_FAILURE(errc::corrupt, "letters.txt", graph_store::open(path_, true));
  EXPECT_FAILURE(errc::io, path_ + "/letters.txt", graph_store::open(path_ + "/letters.txt", true));
}

TEST_F(store_directory, of_a_newer_format_is_refused_naming_both_versions) {
  graph_store::open(path_, true);
  auto w = manifest()->write();
  w->put(table::about, as_bytes(format_key), encode(format_record{format_version + 1, "manifest"}));
  w->commit();
  w.reset();
  for (auto create : {false, true})
    EXPECT_FAILURE(errc::corrupt, "the store has format version 3; this program reads up to version 2", graph_store::open(path_, create));
}

TEST_F(store_directory, of_another_program_is_refused) {
  std::filesystem::create_directories(path_);
  put(*open_lmdb(path_ + "/manifest", true), "their table", "k", "v");
  EXPECT_FAILURE(errc::corrupt, "no format record", graph_store::open(path_, false));
  EXPECT_FAILURE(errc::corrupt, "its tables are 'their table'", graph_store::open(path_, true));
}

/// Every bit of every table's name, where the file says it.
TEST_F(store_directory, with_a_damaged_name_of_a_table_is_refused_and_loses_nothing) {
  {
    auto store = graph_store::open(path_, true);
    commit(*store, "first");
    store->create_tag("v1", "main");
  }
  auto file = path_ + "/manifest/data.mdb";
  auto sound = read_file(file);
  for (auto name : {"gli", "branches", "commits", "tags", "reflog"}) {
    size_t places = 0;
    for (auto at = std::search(sound.begin(), sound.end(), name, name + std::strlen(name)); at != sound.end();
         at = std::search(at + 1, sound.end(), name, name + std::strlen(name))) {
      auto bad = sound;
      bad[size_t(at - sound.begin())] ^= 1;
      write_file(file, bad);
      auto [code, message] = failure_of([&] { graph_store::open(path_, true); });
      if (code == errc::corrupt) ++places;
      EXPECT_TRUE(code == errc::corrupt || message.empty()) << message;
    }
    EXPECT_GE(places, 1u) << name;
  }
  write_file(file, sound);
  auto store = graph_store::open(path_, true);
  EXPECT_EQ(store->verify(), std::vector<std::string>{});
  EXPECT_EQ(store->log("main", 0).size(), 1u);
  EXPECT_EQ(store->tags().size(), 1u);
}

TEST_F(store_directory, verify_names_a_table_that_no_store_has) {
  auto store = graph_store::open(path_, true);
  put(store->pool(0).environment(), "pagEs", "k", "v");
  put(*manifest(), "tag\x01", "k", "v");
  EXPECT_EQ(store->verify(), (std::vector<std::string>{path_ + "/p0: the name of table 'pagEs' is damaged, or another program's",
                                                       path_ + "/manifest: the name of table 'tag\\x01' is damaged, or another program's"}));
  store.reset();
  EXPECT_FAILURE(errc::corrupt, "table 'tag\\x01'", graph_store::open(path_, false));
}

TEST_F(store_directory, with_manifest_and_pages_mixed_up_is_refused) {
  graph_store::open(path_, true)->pool(0);
  std::filesystem::remove_all(path_ + "/manifest");
  std::filesystem::rename(path_ + "/p0", path_ + "/manifest");
  EXPECT_FAILURE(errc::corrupt, "holds 'pages', not 'manifest'", graph_store::open(path_, false));
}

TEST_F(store_directory, verify_names_what_is_damaged) {
  auto store = graph_store::open(path_, true);
  auto a = commit(*store, "a"), b = commit(*store, "b");
  auto w = manifest()->write();
  auto record = w->get(table::commits, key_of(a.id));
  byte_buffer flipped(record->begin(), record->end());
  flipped[40] ^= 1;
  w->put(table::commits, key_of(a.id), flipped);
  w->put(table::branches, as_bytes("torn"), as_bytes("short"));
  w->put(table::branches, as_bytes("lost"), encode(branch_record{"lost", hash128{7, 7}}));
  w->commit();
  w.reset();
  EXPECT_EQ(store->verify(), (texts{path_ + "/manifest: commit " + to_hex(a.id) + " does not match its checksum",
                                    path_ + "/manifest: the head of branch 'lost' is commit " + to_hex({7, 7}) + ", which is missing",
                                    path_ + "/manifest: branch 'torn' has only 5 bytes"}));
  EXPECT_FAILURE(errc::corrupt, "commit " + to_hex(a.id), store->resolve("main~1"));
  EXPECT_EQ(store->resolve("main").id, b.id);
}

TEST_F(store_directory, verify_goes_on_past_a_partition_that_cannot_be_opened) {
  std::string id;
  {
    auto store = graph_store::open(path_, true);
    store_page(store->pool(1), noise(100'000, 1));
    id = to_hex(commit(*store, "a").id);
  }
  std::filesystem::resize_file(path_ + "/p1/data.mdb", 20'000);
  std::filesystem::remove_all(path_ + "/p0");
  auto damage = graph_store::open(path_, false)->verify();
  ASSERT_EQ(damage.size(), 2u);
  EXPECT_EQ(damage[0].find(path_ + "/p1/data.mdb: cut off"), 0u) << damage[0];
  EXPECT_EQ(damage[1], path_ + "/manifest: commit " + id + ": partition 0 is not in this store");
}

}  // namespace
}  // namespace gli::storage
