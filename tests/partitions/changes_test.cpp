// What versions differ in and what they merge to is the same along their logs and page by page.
#include <gtest/gtest.h>

#include "partitions/compare.h"
#include "partitions/merge.h"
#include "partitions/touched.h"
#include "version_program.h"

namespace gli {
namespace {

/// The same graph, of which nothing says where it came from.
version stranger(const version& v) { return version{graph{copy_body(v.fold())}}; }

std::multiset<std::vector<std::string>> rows_of(const column_batch& rows) {
  std::multiset<std::vector<std::string>> all;
  for (int64_t i = 0; i < rows.rows; ++i) {
    std::vector<std::string> row;
    for (auto& c : rows.columns) row.push_back(c.name + " " + to_string(c.at(i)));
    all.insert(row);
  }
  return all;
}

const version& any_of(const program& p) { return p.versions()[*rc::gen::inRange<size_t>(0, p.versions().size())].first; }

TEST(changes, along_logs_are_those_between_pages) {
  EXPECT_TRUE(rc::check([](const std::vector<step>& steps) {
    program p{steps, any_world(false)};
    p.run();
    for (int i = 0; i < 4; ++i) {
      auto &a = any_of(p), &b = any_of(p);
      RC_ASSERT(rows_of(list_differences(a, b)) == rows_of(list_differences(stranger(a), stranger(b))));
      RC_ASSERT(count_changes(a, b) == count_changes(stranger(a), stranger(b)));
    }
  }));
}

TEST(changes, merged_along_logs_are_those_merged_between_pages) {
  EXPECT_TRUE(rc::check([](const std::vector<step>& steps, bool ours) {
    program p{steps, any_world(false)};
    p.run();
    auto take = [&](const merge_conflict&) { return merge_choice{ours ? merge_choice::side::ours : merge_choice::side::theirs, {}}; };
    for (int i = 0; i < 4; ++i) {
      auto &a = any_of(p), &b = any_of(p), &c = any_of(p);
      std::vector<merge_conflict> here, there;
      auto near = merge(a, b, c, take, here), far = merge(stranger(a), stranger(b), stranger(c), take, there);
      RC_ASSERT(near.identity() == far.identity());
      RC_ASSERT(here.size() == there.size());
    }
  }));
}

TEST(changes, of_a_node_that_was_added_again_are_those_of_its_attributes) {
  auto a = edited(version{graph{}}, {node_edit(what::add_node, int64_t{1}, {{"x", int64_t{1}}}), node_edit(what::add_node, int64_t{2})});
  auto b = edited(a, {node_edit(what::remove_node, int64_t{1}), node_edit(what::add_node, int64_t{1}, {{"x", 1.0}})});
  ASSERT_TRUE(touched_between(a, b));
  EXPECT_EQ(list_differences(a, b).rows, 0);
  EXPECT_EQ(list_differences(a, edited(b, {node_edit(what::update_node, int64_t{1}, {{"x", int64_t{2}}})})).rows, 1);
}

}  // namespace
}  // namespace gli
