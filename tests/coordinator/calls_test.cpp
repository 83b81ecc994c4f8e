#include "coordinator/calls.h"

#include <gtest/gtest.h>

namespace {

using namespace gli;

TEST(calls, one_that_waits_and_one_that_runs_are_told_apart_and_what_runs_comes_first) {
  calls c;
  c.asked(1, "load", "ann", 100);
  c.asked(2, "pagerank", "ben", 200);
  c.started(2, 300);
  auto list = c.report();
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].id, 2u);
  EXPECT_EQ(list[0].what, "pagerank");
  EXPECT_EQ(list[0].driver, "ben");
  EXPECT_EQ(list[0].since, 200);
  EXPECT_EQ(list[0].started, 300);
  EXPECT_EQ(list[1].id, 1u);
  EXPECT_EQ(list[1].started, 0);
  EXPECT_EQ(c.running(), 1u);
  EXPECT_EQ(c.waiting(), 1u);
}

TEST(calls, partition_0_says_how_far_and_all_say_what_they_sent) {
  calls c;
  c.asked(1, "pagerank", "", 100);
  c.started(1, 100);
  c.progressed(1, 0, {"pagerank", 5, 20, "residual 0.1", 1000});
  c.progressed(1, 1, {"pagerank", 4, 20, "residual 0.2", 700});
  c.progressed(1, 1, {"pagerank", 6, 20, "", 900});
  auto* call = c.find(1);
  ASSERT_NE(call, nullptr);
  EXPECT_EQ(call->done, 5u);
  EXPECT_EQ(call->total, 20u);
  EXPECT_EQ(call->detail, "residual 0.1");
  EXPECT_EQ(call->bytes, 1900u);
  c.sent(1, 0, 1500);
  EXPECT_EQ(c.find(1)->bytes, 2400u);
}

TEST(calls, what_is_over_is_told_once_and_late_words_about_it_change_nothing) {
  calls c;
  c.asked(1, "bfs", "", 100);
  ASSERT_TRUE(c.ended(1));
  EXPECT_FALSE(c.ended(1));
  c.started(1, 200);
  c.progressed(1, 0, {"bfs", 1, 0, "", 5});
  c.sent(1, 0, 9);
  EXPECT_TRUE(c.report().empty());
  EXPECT_EQ(c.find(1), nullptr);
}

}  // namespace
