// Commits that hold a patch instead of pages.
#include "storage/manifest.h"
#include "tests/storage/scratch.h"

namespace gli::storage {
namespace {

using namespace testing;

class patches : public ::testing::Test {
 protected:
  /// A commit with pages of so many bytes.
  commit_record pages(const std::string& message, uint64_t bytes, const std::string& branch = "main") {
    auto c = next(message, branch);
    c.roots = {store_page(store_->pool(0), as_bytes("root of " + message))};
    c.page_bytes = bytes;
    return store_->publish(c, branch, store_->head(branch));
  }
  commit_record patch(const std::string& message, const std::string& branch = "main") {
    return store_->publish(next(message, branch), branch, store_->head(branch), as_bytes("patch of " + message));
  }
  commit_record next(const std::string& message, const std::string& branch) {
    commit_record c;
    c.message = message;
    c.graph_id = content_hash(as_bytes(message));
    if (auto head = store_->head(branch)) c.parents = {*head};
    return c;
  }
  std::vector<std::string> way_to(const hash128& id, const std::function<bool(const hash128&)>& at_hand = {}) {
    auto way = store_->patches_to(store_->resolve(to_hex(id)), at_hand);
    std::vector<std::string> steps{way.from.message};
    for (auto& p : way.patches) steps.push_back(text(p));
    return steps;
  }
  void put(std::string_view table, const hash128& id, const byte_buffer& record) {
    auto w = manifest_->write();
    w->put(table, key_of(id), record);
    w->commit();
  }
  void expect_damage(const std::string& what) {
    auto damage = store_->verify();
    ASSERT_FALSE(damage.empty());
    EXPECT_NE(damage[0].find(what), std::string::npos) << damage[0];
  }

  scratch_directory directory_;
  std::shared_ptr<graph_store> store_ = graph_store::open(directory_ / "network.gli", true);
  std::shared_ptr<ordered_store> manifest_ = open_lmdb(directory_ / "network.gli/manifest", false);
};

TEST_F(patches, lead_from_the_last_pages_to_a_commit) {
  auto base = pages("base", 100'000);
  auto one = patch("one"), two = patch("two");
  EXPECT_TRUE(two.is_patch());
  EXPECT_EQ(two.page_bytes, 100'000u);
  EXPECT_LT(one.patch_bytes, two.patch_bytes);
  EXPECT_EQ(way_to(base.id), (std::vector<std::string>{"base"}));
  EXPECT_EQ(way_to(two.id), (std::vector<std::string>{"base", "patch of one", "patch of two"}));
  EXPECT_EQ(way_to(two.id, [&](auto& id) { return id == one.id; }), (std::vector<std::string>{"one", "patch of two"}));
  EXPECT_EQ(way_to(two.id, [&](auto& id) { return id == two.id; }), (std::vector<std::string>{"two"}));
  EXPECT_EQ(store_->verify(), std::vector<std::string>{});
}

TEST_F(patches, on_two_branches_share_what_is_before_them) {
  pages("base", 100'000);
  patch("one");
  store_->create_branch("side", "main");
  auto here = patch("here"), there = patch("there", "side");
  EXPECT_EQ(way_to(here.id), (std::vector<std::string>{"base", "patch of one", "patch of here"}));
  EXPECT_EQ(way_to(there.id), (std::vector<std::string>{"base", "patch of one", "patch of there"}));
}

TEST_F(patches, are_due_until_they_outweigh_the_pages) {
  auto at = pages("base", 10'000);
  EXPECT_TRUE(patch_is_due(at, 9'000));
  EXPECT_FALSE(patch_is_due(at, 10'000));
  for (int i = 0; patch_is_due(at, 1'000); ++i) {
    ASSERT_LT(i, 10);
    at = patch(std::to_string(i) + std::string(1'000, 'x'));
  }
  EXPECT_GT(at.patch_bytes, 8'000u);
  EXPECT_LE(at.patch_bytes, 11'000u);
  EXPECT_TRUE(patch_is_due(pages("again", 10'000), 1'000));
}

TEST_F(patches, are_not_due_on_commits_of_unknown_size) { EXPECT_FALSE(patch_is_due(pages("base", 0), 1)); }

TEST_F(patches, have_a_commit_to_begin_at_and_no_pages) {
  EXPECT_FAILURE(errc::internal, "on top of its parent", patch("first"));
  pages("base", 1'000);
  auto c = next("both", "main");
  c.roots = {hash128{1, 2}};
  EXPECT_FAILURE(errc::internal, "either pages or a patch", store_->publish(c, "main", store_->head("main"), as_bytes("patch")));
  EXPECT_EQ(store_->verify(), std::vector<std::string>{});
}

TEST_F(patches, that_are_damaged_or_missing_are_named) {
  pages("base", 100'000);
  auto one = patch("one"), two = patch("two");
  auto record = encode(patch_record{one.id, {1, 2, 3}});
  record[40] ^= 1;
  put(table::patches, two.id, record);
  EXPECT_FAILURE(errc::corrupt, "the patch of commit " + to_hex(two.id), way_to(two.id));
  expect_damage("the patch of commit " + to_hex(two.id) + " does not match its checksum");
  auto w = manifest_->write();
  w->erase(table::patches, key_of(two.id));
  w->commit();
  EXPECT_FAILURE(errc::corrupt, "is missing", way_to(two.id));
  expect_damage("the patch of commit " + to_hex(two.id) + " is missing");
}

TEST_F(patches, that_lead_in_a_circle_are_named) {
  pages("base", 100'000);
  auto one = patch("one"), two = patch("two");
  put(table::patches, one.id, encode(patch_record{two.id, {1}}));
  EXPECT_FAILURE(errc::corrupt, "cannot begin at commit " + to_hex(two.id), way_to(two.id));
  expect_damage("cannot begin at commit " + to_hex(two.id));
}

TEST_F(patches, that_are_longer_or_shorter_than_their_commits_say_are_named) {
  pages("base", 100'000);
  auto one = patch("one"), two = patch("two");
  for (size_t bytes : {size_t{0}, size_t{1}, size_t{600}}) {
    put(table::patches, two.id, encode(patch_record{one.id, byte_buffer(bytes)}));
    auto damage = "the patch of commit " + to_hex(two.id) + " cannot begin at commit " + to_hex(one.id);
    EXPECT_FAILURE(errc::corrupt, damage, way_to(two.id, [&](auto& id) { return id == one.id; }));
    EXPECT_THROW(way_to(two.id), failure);
    expect_damage(damage);
  }
}

TEST_F(patches, are_followed_without_the_commits_between) {
  pages("base", 100'000);
  auto one = patch("one"), two = patch("two"), three = patch("three");
  auto whole = encode(two), damaged = whole;
  damaged[40] ^= 1;
  put(table::commits, two.id, damaged);
  EXPECT_EQ(way_to(three.id), (std::vector<std::string>{"base", "patch of one", "patch of two", "patch of three"}));
  expect_damage("commit " + to_hex(two.id) + " does not match its checksum");
}

TEST_F(patches, of_commits_that_are_not_there_are_named) {
  auto base = pages("base", 100'000);
  hash128 nobody{7, 7};
  put(table::patches, nobody, encode(patch_record{base.id, {1}}));
  expect_damage(to_hex(nobody));
}

}  // namespace
}  // namespace gli::storage
