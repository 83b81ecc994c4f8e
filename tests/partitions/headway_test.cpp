#include "partitions/headway.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace gli::testing {
namespace {

TEST(headway, of_a_change_that_falls_by_a_constant_factor_ends_where_it_says) {
  double before = 0, change = 1;
  std::vector<uint64_t> expected;
  for (uint64_t round = 1; round <= 10; ++round) {
    expected.push_back(rounds_until(1.5e-6, before, change, round, 100));
    before = std::exchange(change, change / 10);
  }
  EXPECT_EQ(expected, (std::vector<uint64_t>{100, 7, 7, 7, 7, 7, 7, 8, 9, 10}));
}

TEST(headway, of_a_change_that_does_not_fall_is_the_most_that_is_allowed) {
  EXPECT_EQ(rounds_until(1e-6, 0.5, 0.5, 3, 40), 40u);
  EXPECT_EQ(rounds_until(0, 0.5, 0.25, 3, 40), 40u);
  EXPECT_EQ(rounds_until(1e-300, 1, 0.999999, 3, 40), 40u);
}

}  // namespace
}  // namespace gli::testing
