#include "storage/bundle_file.h"
#include "storage/pending.h"
#include "tests/storage/made_trees.h"

namespace gli::storage {
namespace {

using namespace testing;

class bundles : public ::testing::Test {
 protected:
  scratch_directory directory_;
  const std::string file_ = directory_ / "b.bundle";
  std::shared_ptr<graph_store> from_ = graph_store::in_memory(), to_ = graph_store::in_memory();

  bundle_report bundle(const bundle_options& options = {}) { return from_->bundle(file_, options, test_format); }
  unbundle_report unbundle(const unbundle_options& options = {}) { return to_->unbundle(file_, options, test_format); }
  void expect_equal_pages(uint32_t partitions) {
    for (uint32_t p = 0; p < partitions; ++p) EXPECT_EQ(pages_in(to_->pool(p)), pages_in(from_->pool(p))) << p;
  }
  void expect_nothing_changed() {
    EXPECT_EQ(to_->head("main"), std::nullopt);
    EXPECT_TRUE(to_->reflog(0).empty());
    EXPECT_EQ(to_->branches().size(), 1u);
  }
};

TEST_F(bundles, carry_all_partitions_and_names) {
  for (int i = 0; i < 5; ++i) commit_leaves(*from_, std::to_string(i), 40 * i, 100, "main", 4);
  from_->create_branch("side", "main~2", "of its own");
  auto side = commit_leaves(*from_, "side", 1000, 70, "side", 4);
  from_->create_tag("v1", "main~1");
  auto sent = bundle();
  EXPECT_EQ(sent.commits, 6u);
  EXPECT_EQ(sent.refs.size(), 3u);
  auto got = unbundle();
  EXPECT_EQ(got.commits, 6u);
  EXPECT_EQ(got.pages, sent.pages);
  EXPECT_EQ(to_->branches(), from_->branches());
  EXPECT_EQ(to_->tags(), from_->tags());
  EXPECT_EQ(to_->description("side"), "of its own");
  expect_equal_pages(4);
  EXPECT_EQ(to_->verify(test_format), std::vector<std::string>{});
  EXPECT_EQ(to_->reflog(0).size(), 2u);
  for (uint32_t p = 0; p < 4; ++p) EXPECT_TRUE(pending_in(*to_->pool(p).environment().read()).empty());
  auto again = unbundle();
  EXPECT_EQ(again.commits, 0u);
  EXPECT_EQ(again.pages, 0u);
  for (auto& ref : again.refs) EXPECT_EQ(ref.change, ref_change::unchanged);
  EXPECT_EQ(to_->gc({}, test_format).pages.removed, 0u);
}

TEST_F(bundles, send_only_what_the_other_side_lacks) {
  auto base = commit_leaves(*from_, "base", 0, 500);
  auto whole = bundle();
  unbundle();
  auto next = commit_leaves(*from_, "next", 3, 500);
  auto rest = bundle({{}, {base.id, hash128{1, 2}}});
  EXPECT_EQ(rest.commits, 1u);
  EXPECT_EQ(rest.needs, std::vector{base.id});
  EXPECT_LT(rest.pages, whole.pages / 10);
  auto got = unbundle();
  EXPECT_EQ(got.refs[0].change, ref_change::forward);
  EXPECT_EQ(to_->head("main"), next.id);
  expect_equal_pages(1);
}

TEST_F(bundles, carry_patches) {
  auto base = commit_leaves(*from_, "base", 0, 100);
  commit_record c;
  c.message = "patched";
  c.parents = {base.id};
  auto patched = from_->publish(c, "main", base.id, as_bytes("a patch"));
  EXPECT_EQ(bundle().patches, 1u);
  unbundle();
  auto way = to_->patches_to(to_->resolve("main"));
  EXPECT_EQ(way.from.id, base.id);
  ASSERT_EQ(way.patches.size(), 1u);
  EXPECT_EQ(text(way.patches[0]), "a patch");
  EXPECT_EQ(to_->verify(test_format), std::vector<std::string>{});
  to_ = graph_store::in_memory();
  commit_leaves(*from_, "next", 1, 100);
  bundle({{}, {patched.id}});
  EXPECT_FAILURE(errc::value, to_hex(patched.id), unbundle());
}

TEST_F(bundles, branches_that_went_another_way_are_refused_or_forced) {
  auto base = commit_leaves(*from_, "base", 0, 10);
  bundle();
  unbundle();
  auto theirs = commit_leaves(*from_, "theirs", 10, 10), ours = commit_leaves(*to_, "ours", 20, 10);
  bundle();
  EXPECT_FAILURE(errc::conflict, "branch 'main' went another way", unbundle());
  EXPECT_EQ(to_->head("main"), ours.id);
  EXPECT_FAILURE(errc::key, to_hex(theirs.id), to_->resolve(to_hex(theirs.id)));
  auto beside = unbundle({false, "remote/"});
  EXPECT_EQ(beside.refs[0].name, "remote/main");
  EXPECT_EQ(to_->head("remote/main"), theirs.id);
  EXPECT_EQ(to_->head("main"), ours.id);
  EXPECT_EQ(unbundle({true, ""}).refs[0].change, ref_change::forced);
  EXPECT_EQ(to_->head("main"), theirs.id);
  EXPECT_EQ(to_->resolve("main@{1}").id, ours.id);
  from_->move_branch("main", theirs.id, base.id, "undo");
  bundle();
  EXPECT_EQ(unbundle().refs[0].change, ref_change::ahead);
  EXPECT_EQ(to_->head("main"), theirs.id);
}

TEST_F(bundles, names_that_are_not_there_are_refused) {
  EXPECT_FAILURE(errc::value, "nothing to bundle", bundle());
  commit_leaves(*from_, "base", 0, 10);
  EXPECT_FAILURE(errc::key, "nowhere", bundle({{"main", "nowhere"}, {}}));
  EXPECT_FALSE(std::filesystem::exists(file_));
  EXPECT_FAILURE(errc::io, "/no/such/", from_->bundle("/no/such/folder", {}, test_format));
  EXPECT_FAILURE(errc::not_found, "b.bundle", unbundle());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator{directory_ / ""}, {}), 0);
}

TEST_F(bundles, every_flipped_byte_and_every_cut_is_named_and_changes_nothing) {
  commit_leaves(*from_, "base", 0, 3, "main", 2);
  bundle();
  auto good = read_file(file_);
  std::mt19937 random{1};
  for (size_t at = 0; at < good.size(); at += at < 400 || at + 400 > good.size() ? 1 : 37) {
    auto bad = good;
    bad[at] ^= uint8_t(1 + random() % 255);
    write_file(file_, bad);
    EXPECT_FAILURE(errc::corrupt, file_ + ": at byte ", unbundle());
  }
  for (size_t length = 0; length < good.size(); length += 1 + random() % 50) {
    write_file(file_, bytes_view{good}.first(length));
    EXPECT_FAILURE(errc::corrupt, "cut off", unbundle());
  }
  auto longer = good;
  longer.push_back(0);
  write_file(file_, longer);
  EXPECT_FAILURE(errc::corrupt, "follows the bundle's end", unbundle());
  write_file(file_, as_bytes("# v2 git bundle, of another program"));
  EXPECT_FAILURE(errc::corrupt, "not a bundle of this program", unbundle());
  expect_nothing_changed();
  write_file(file_, good);
  EXPECT_EQ(unbundle().commits, 1u);
}

/// Sound item by item and by its SHA-256, and yet without what its commits need.
TEST_F(bundles, one_that_lacks_a_page_or_a_commit_is_refused) {
  auto base = commit_leaves(*from_, "base", 0, 100);
  auto next = commit_leaves(*from_, "next", 50, 100);
  bundle();
  for (auto left_out : {base.id, next.id, base.roots[0], content_hash(noise(20, 0))}) {
    std::vector<bundle_item> items;
    bundle_reader file{file_};
    for (bundle_item item; file.next(item);)
      if (item.name != left_out) items.push_back(item);
    auto other = directory_ / "other.bundle";
    bundle_writer out{other};
    for (auto& item : items) out.put(item.kind, item.partition, item.name, item.content);
    out.finish();
    EXPECT_FAILURE(errc::corrupt, other, to_->unbundle(other, {}, test_format));
    EXPECT_TRUE(pages_in(to_->pool(0)).empty());
  }
  expect_nothing_changed();
}

}  // namespace
}  // namespace gli::storage
