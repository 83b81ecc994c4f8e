// Common ancestors, moved and deleted branches, tags, where branches were.
#include "storage/history.h"

#include <map>
#include <random>
#include <set>

#include "storage/manifest.h"
#include "tests/storage/scratch.h"

namespace gli::storage {
namespace {

using namespace testing;

class histories : public ::testing::TestWithParam<std::string> {
 protected:
  scratch_directory directory_;
  std::shared_ptr<graph_store> store_ = GetParam() == "disk" ? graph_store::open(directory_ / "network.gli", true) : graph_store::in_memory();

  hash128 commit_on(const std::string& branch, const std::string& message, std::vector<hash128> others = {}) {
    commit_record c;
    c.message = message;
    c.roots = {store_page(store_->pool(0), as_bytes("a page"))};
    auto head = store_->head(branch);
    if (head) c.parents = {*head};
    c.parents.insert(c.parents.end(), others.begin(), others.end());
    return store_->publish(c, branch, head).id;
  }
  std::string id(const std::string& revision) { return to_hex(store_->resolve(revision).id); }
};
INSTANTIATE_TEST_SUITE_P(both, histories, ::testing::Values("memory", "disk"), [](auto& info) { return info.param; });

using hashes = std::vector<hash128>;

TEST_P(histories, the_merge_base_is_where_two_branches_parted) {
  commit_on("main", "1");
  auto two = commit_on("main", "2");
  store_->create_branch("side", "main");
  auto three = commit_on("main", "3"), side = commit_on("side", "s");
  EXPECT_EQ(store_->merge_bases(three, side), hashes{two});
  EXPECT_EQ(store_->merge_bases(three, two), hashes{two});
  EXPECT_EQ(store_->merge_bases(three, three), hashes{three});
  auto merged = commit_on("main", "m", {side});
  EXPECT_EQ(store_->merge_bases(merged, side), hashes{side});
  EXPECT_EQ(store_->reflog(1)[0].action, "merge: m");
}

TEST_P(histories, criss_cross_merges_have_two_bases_and_strangers_none) {
  commit_on("main", "1");
  store_->create_branch("side", "main");
  auto a = commit_on("main", "a"), b = commit_on("side", "b");
  auto x = commit_on("main", "x", {b}), y = commit_on("side", "y", {a});
  EXPECT_EQ(store_->merge_bases(x, y), (hashes{std::min(a, b), std::max(a, b)}));
  commit_record alone;
  alone.message = "alone";
  alone.roots = {store_page(store_->pool(0), as_bytes("a page"))};
  store_->create_branch("new", "main");
  auto stranger = store_->publish(alone, "new", store_->head("new")).id;
  EXPECT_EQ(store_->merge_bases(x, stranger), hashes{});
}

/// Random histories, clocks that go back among them, against sets of ancestors.
TEST(merge_bases, are_the_common_ancestors_that_no_other_reaches) {
  std::mt19937 random{7};
  for (int round = 0; round < 60; ++round) {
    auto store = graph_store::in_memory();
    auto root = store_page(store->pool(0), as_bytes("a page"));
    std::vector<hash128> all;
    std::map<hash128, std::set<hash128>> ancestors;  // itself among them
    for (int i = 0; i < 25; ++i) {
      commit_record c;
      c.message = std::to_string(i);
      c.roots = {root};
      if (round % 2) c.time = 1'000'000 + int64_t(random() % 40);
      for (auto parents = all.empty() ? 0 : random() % 3; parents > 0; --parents) {
        auto p = all[all.size() - 1 - random() % std::min<size_t>(all.size(), 6)];
        if (std::find(c.parents.begin(), c.parents.end(), p) == c.parents.end()) c.parents.push_back(p);
      }
      auto id = store->publish(c, "main", store->head("main")).id;
      ancestors[id].insert(id);
      for (auto& p : c.parents) ancestors[id].insert(ancestors[p].begin(), ancestors[p].end());
      all.push_back(id);
    }
    for (auto& a : all)
      for (auto& b : all) {
        std::set<hash128> common, best;
        for (auto& x : ancestors[a]) if (ancestors[b].contains(x)) common.insert(x);
        for (auto& x : common)
          if (std::none_of(common.begin(), common.end(), [&](auto& y) { return y != x && ancestors[y].contains(x); })) best.insert(x);
        ASSERT_EQ(store->merge_bases(a, b), hashes(best.begin(), best.end())) << round;
      }
  }
}

TEST_P(histories, a_branch_moves_only_from_where_it_is_seen_and_the_reflog_knows_where_it_was) {
  auto one = commit_on("main", "1"), two = commit_on("main", "2");
  EXPECT_FAILURE(errc::conflict, "moved", store_->move_branch("main", one, std::nullopt, "undo"));
  EXPECT_FAILURE(errc::key, "no commit", store_->move_branch("main", two, hash128{1, 2}, "undo"));
  store_->move_branch("main", two, one, "undo");
  EXPECT_EQ(store_->head("main"), one);
  EXPECT_EQ(store_->reflog(1)[0].action, "undo");
  EXPECT_EQ(id("main@{0}"), to_hex(one));
  EXPECT_EQ(id("main@{1}"), to_hex(two));
  EXPECT_EQ(id("main@{2}"), to_hex(one));
  EXPECT_EQ(id("main@{1}~1"), to_hex(one));
  EXPECT_FAILURE(errc::key, "no commits", store_->resolve("main@{3}"));
  EXPECT_FAILURE(errc::key, "has not moved as often", store_->resolve("main@{4}"));
  EXPECT_FAILURE(errc::key, "a number must stand in", store_->resolve("main@{x}"));
  EXPECT_FAILURE(errc::key, "must end with '}'", store_->resolve("main@{1"));
  store_->move_branch("main", one, std::nullopt, "undo");
  EXPECT_EQ(store_->head("main"), std::nullopt);
  EXPECT_TRUE(store_->verify().empty());
}

TEST_P(histories, a_deleted_branch_is_found_in_the_reflog_and_only_force_deletes_what_nothing_else_has) {
  commit_on("main", "1");
  EXPECT_FAILURE(errc::value, "is the current one", store_->delete_branch("main", true));
  EXPECT_FAILURE(errc::key, "no branch 'side'", store_->delete_branch("side", true));
  store_->create_branch("side", "main");
  store_->delete_branch("side", false);
  store_->create_branch("side", "main");
  auto own = commit_on("side", "s");
  EXPECT_FAILURE(errc::value, "no other branch or tag", store_->delete_branch("side", false));
  store_->create_tag("kept", "side");
  store_->delete_branch("side", false);
  EXPECT_EQ(id("kept"), to_hex(own));
  store_->delete_tag("kept");
  EXPECT_EQ(id("side@{1}"), to_hex(own));
  EXPECT_EQ(store_->branches().size(), 1u);
}

TEST_P(histories, tags_stay_where_they_are) {
  EXPECT_FAILURE(errc::key, "no commits", store_->create_tag("v1", "main"));
  auto one = commit_on("main", "1");
  store_->create_tag("v1", "");
  commit_on("main", "2");
  EXPECT_FAILURE(errc::value, "is there already", store_->create_tag("v1", "main"));
  EXPECT_FAILURE(errc::value, "contains ' '", store_->create_tag("v 1", "main"));
  EXPECT_FAILURE(errc::key, "no tag 'v2'", store_->delete_tag("v2"));
  EXPECT_EQ(id("v1"), to_hex(one));
  store_->create_branch("v1", "main");
  EXPECT_EQ(id("v1"), id("main"));  // a branch of that name goes first
  ASSERT_EQ(store_->tags().size(), 1u);
  EXPECT_EQ(store_->tags()[0], (std::pair<std::string, hash128>{"v1", one}));
  EXPECT_TRUE(store_->verify().empty());
}

TEST_P(histories, a_commit_is_later_than_its_parents) {
  commit_record early;
  early.message = "from a clock that is ahead";
  early.time = int64_t{1} << 60;
  early.roots = {store_page(store_->pool(0), as_bytes("a page"))};
  store_->publish(early, "main", std::nullopt);
  commit_on("main", "2");
  EXPECT_EQ(store_->resolve("main").time, (int64_t{1} << 60) + 1);
}

}  // namespace
}  // namespace gli::storage
