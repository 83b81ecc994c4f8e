#include "coordinator/handles.h"

#include <gtest/gtest.h>

namespace gli {
namespace {

errc code_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const failure& e) {
    return e.code();
  }
  return errc::internal;
}

TEST(handles, are_never_given_twice) {
  handles h;
  EXPECT_NE(h.next(), h.next());
}

TEST(handles, an_unknown_one_is_a_key_error_and_one_of_the_other_sort_a_type_error) {
  handles h;
  h.add(1, graph_handle{});
  EXPECT_EQ(code_of([&] { h.graph(2); }), errc::key);
  EXPECT_EQ(code_of([&] { h.values(1); }), errc::type);
}

TEST(handles, what_was_never_committed_is_lost_with_a_worker_and_says_so) {
  handles h;
  h.add(1, graph_handle{});
  graph_handle committed;
  committed.stored = stored_at{read_pages{"store", "aa"}};
  h.add(2, committed);
  h.lose("worker 1 (pid 5, partition 0)");
  EXPECT_EQ(code_of([&] { h.graph(1); }), errc::worker_lost);
  EXPECT_NO_THROW(h.graph(2));
}

TEST(handles, graphs_are_restored_before_their_results) {
  handles h;
  h.add(7, values_handle{9, {"pagerank", 1, {}}, stored_at{read_result{"store", "aa", 0}}});
  h.add(9, graph_handle{1, 0, {}, stored_at{read_pages{"store", "aa"}}, true});
  auto list = h.restore();
  ASSERT_EQ(list.size(), 3u);
  EXPECT_EQ(list[0].what.output, 9u);
  EXPECT_TRUE(std::holds_alternative<read_pages>(list[0].what.body));
  EXPECT_EQ(list[1].what.output, 7u);
  EXPECT_EQ(list[1].what.graph, 9u);
  EXPECT_TRUE(std::holds_alternative<resolve_mirrors>(list[2].what.body) && list[2].everywhere);
}

TEST(handles, results_of_graphs_that_a_partitioner_dealt_out_are_told_apart) {
  handles h;
  h.add(1, graph_handle{});
  graph_handle dealt;
  dealt.owned_at_home = false;
  h.add(2, dealt);
  h.add(3, values_handle{1, {"pagerank", 1, {}}, {}});
  h.add(4, values_handle{2, {"pagerank", 1, {}}, {}});
  EXPECT_TRUE(h.owned_at_home(1) && h.owned_at_home(3));
  EXPECT_FALSE(h.owned_at_home(2) || h.owned_at_home(4) || h.owned_at_home(5));
}

TEST(handles, what_other_partitions_wrote_is_restored_on_all) {
  handles h;
  h.add(9, graph_handle{1, 0, {}, stored_at{read_pages{"store", "aa"}, true}, false});
  h.add(7, values_handle{9, {"pagerank", 1, {}}, stored_at{read_result{"store", "aa", 0}, false}});
  auto list = h.restore();
  ASSERT_EQ(list.size(), 2u);
  EXPECT_TRUE(list[0].everywhere);
  EXPECT_FALSE(list[1].everywhere);
}

TEST(handles, a_load_is_lost_with_a_worker_by_name) {
  handles h;
  h.add(1, load_handle{});
  EXPECT_NO_THROW(h.check({0, 0, 2, finish_load{1}}));
  EXPECT_NO_THROW(h.check({0, 0, 2, read_sources{}}));
  h.lose("worker 1 (pid 5, partition 0)");
  EXPECT_EQ(code_of([&] { h.check({0, 0, 2, finish_load{1}}); }), errc::worker_lost);
}

TEST(handles, what_was_lost_while_it_was_committed_comes_back_with_the_restoration) {
  handles h;
  h.add(1, graph_handle{});
  h.add(2, graph_handle{});
  h.lose("worker 1");
  h.stored(1, {read_pages{"store", "aa"}}, true);
  h.stored(2, {read_pages{"store", "bb"}}, false);
  h.stored(3, {read_pages{"store", "cc"}}, true);  // released meanwhile
  EXPECT_NO_THROW(h.graph(1));
  EXPECT_EQ(code_of([&] { h.graph(2); }), errc::worker_lost);
  EXPECT_EQ(h.restore().size(), 1u);
}

TEST(handles, a_job_that_names_an_absent_handle_is_refused) {
  handles h;
  h.add(1, graph_handle{});
  EXPECT_EQ(code_of([&] { h.check({0, 1, 0, compare_graphs{5}}); }), errc::key);
  EXPECT_EQ(code_of([&] { h.check({0, 0, 0, identify{}}); }), errc::key);
  EXPECT_NO_THROW(h.check({0, 1, 0, compare_graphs{1}}));
}

}  // namespace
}  // namespace gli
