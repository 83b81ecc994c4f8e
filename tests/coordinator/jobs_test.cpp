#include "coordinator/jobs.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <set>

namespace gli {
namespace {

template <class T>
const T* find(const jobs::actions& list) {
  for (auto& a : list)
    if (auto* t = std::get_if<T>(&a)) return t;
  return nullptr;
}

const failure_note& failure_of(const jobs::actions& list) { return std::get<failure_note>(find<jobs::finish>(list)->outcome); }

TEST(jobs, of_one_owner_run_one_after_the_other_in_the_order_they_came) {
  jobs j;
  EXPECT_NE(find<jobs::start>(j.submit(1, {0, 1}, 1)), nullptr);
  EXPECT_TRUE(j.submit(2, {0, 1}, 1).empty());
  EXPECT_TRUE(j.finished(1, 0, {}).empty());
  auto actions = j.finished(1, 1, {});
  EXPECT_EQ(find<jobs::finish>(actions)->id, 1u);
  EXPECT_EQ(find<jobs::start>(actions)->id, 2u);
}

TEST(jobs, answer_the_results_in_partition_order) {
  jobs j;
  j.submit(1, {0, 1}, 1);
  j.finished(1, 1, {{{"p", int64_t{1}}}});
  auto actions = j.finished(1, 0, {{{"p", int64_t{0}}}});
  auto& results = std::get<std::vector<job_result>>(find<jobs::finish>(actions)->outcome);
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].summary.at("p"), value{int64_t{0}});
}

TEST(jobs, a_failure_of_one_partition_aborts_the_others) {
  jobs j;
  j.submit(1, {0, 1}, 1);
  auto actions = j.failed(1, 1, {errc::memory, "no memory"});
  EXPECT_NE(find<jobs::abort>(actions), nullptr);
  EXPECT_EQ(failure_of(actions).message, "no memory");
  EXPECT_TRUE(j.finished(1, 0, {}).empty());
}

TEST(jobs, a_survivors_word_waits_for_the_notice_that_names_the_dead) {
  jobs j;
  j.submit(1, {0, 1}, 1);
  EXPECT_NE(find<jobs::await_death>(j.failed(1, 0, {errc::worker_lost, "a peer is gone"})), nullptr);
  auto actions = j.worker_lost(1, "worker 2 (pid 7, partition 1) died");
  EXPECT_EQ(failure_of(actions).message, "worker 2 (pid 7, partition 1) died");
  EXPECT_TRUE(j.grace_over(1).empty());
}

TEST(jobs, a_survivors_word_is_the_answer_when_no_notice_comes) {
  jobs j;
  j.submit(1, {0, 1}, 1);
  j.failed(1, 0, {errc::worker_lost, "a peer is gone"});
  auto actions = j.grace_over(1);
  EXPECT_EQ(failure_of(actions).message, "a peer is gone");
}

TEST(jobs, a_queued_job_can_be_cancelled_and_never_starts) {
  jobs j;
  j.submit(1, {0}, 1);
  j.submit(2, {0}, 1);
  auto actions = j.cancelled(2, "no longer wanted");
  EXPECT_EQ(failure_of(actions).code, errc::cancelled);
  EXPECT_EQ(find<jobs::start>(j.finished(1, 0, {})), nullptr);
}

TEST(jobs, an_owner_with_one_waits_for_one_of_him_who_has_a_thousand) {
  jobs j;
  for (uint64_t id = 1; id <= 1000; ++id) j.submit(id, {0}, 1);
  j.submit(1001, {0}, 2);
  EXPECT_EQ(find<jobs::start>(j.finished(1, 0, {}))->id, 2u);
  EXPECT_EQ(find<jobs::start>(j.finished(2, 0, {}))->id, 1001u);
  EXPECT_EQ(find<jobs::start>(j.finished(1001, 0, {}))->id, 3u);
}

TEST(jobs, the_coordinators_own_go_before_all_others) {
  jobs j;
  j.submit(1, {0}, 1);
  j.submit(2, {0}, 1);
  j.submit(3, {0}, jobs::own);
  EXPECT_EQ(find<jobs::start>(j.finished(1, 0, {}))->id, 3u);
}

// Whoever is in front of his own queue sees each other owner start at most once before him; one owner's start in their order; nobody waits while nothing runs.
TEST(jobs, owners_take_turns_in_a_thousand_random_orders) {
  for (uint32_t seed = 0; seed < 1000; ++seed) {
    std::mt19937 random{seed};
    jobs j;
    std::map<uint64_t, std::deque<uint64_t>> waiting;         // by owner, as the test knows them
    std::map<uint64_t, std::multiset<uint64_t>> passed;       // by owner: who started since his foremost came to the front
    std::map<uint64_t, uint64_t> owner_of;
    uint64_t next = 1, running = 0;
    auto apply = [&](const jobs::actions& actions) {
      auto* s = find<jobs::start>(actions);
      if (!s) return;
      running = s->id;
      auto owner = owner_of[running];
      ASSERT_EQ(waiting[owner].front(), running) << "seed " << seed;
      waiting[owner].pop_front();
      passed[owner].clear();
      for (auto& [other, queue] : waiting)
        if (other != owner && !queue.empty()) {
          passed[other].insert(owner);
          ASSERT_EQ(passed[other].count(owner), 1u) << "seed " << seed << ": " << owner << " went twice before " << other;
        }
    };
    for (int step = 0; step < 200; ++step) {
      auto owner = 1 + (random() % 3 ? 0 : random() % 5);  // the first floods
      switch (random() % 5) {
        case 0: case 1:
          owner_of[next] = owner;
          if (waiting[owner].empty()) passed[owner].clear();
          waiting[owner].push_back(next);
          apply(j.submit(next++, {0}, owner));
          break;
        case 2:
          if (auto& queue = waiting[owner]; !queue.empty()) {
            auto at = random() % queue.size();
            auto id = queue[at];
            queue.erase(queue.begin() + ptrdiff_t(at));
            apply(j.cancelled(id, "x"));
          }
          break;
        default:
          if (running) {
            auto id = std::exchange(running, 0);
            apply(j.finished(id, 0, {}));
          }
      }
      if (HasFatalFailure()) return;
      size_t left = running ? 1 : 0;
      for (auto& [o, queue] : waiting) left += queue.size();
      ASSERT_EQ(j.waiting(), left);
      ASSERT_TRUE(running || left == 0) << "seed " << seed;
    }
  }
}

// Whatever happens in whatever order, each job ends exactly once, and at most one runs at a time.
TEST(jobs, each_ends_exactly_once_in_ten_thousand_random_orders) {
  for (uint32_t seed = 0; seed < 10000; ++seed) {
    std::mt19937 random{seed};
    jobs j;
    std::map<uint64_t, int> ended;
    uint64_t submitted = 0, running = 0;
    auto apply = [&](const jobs::actions& actions) {
      for (auto& a : actions) {
        if (auto* s = std::get_if<jobs::start>(&a)) {
          ASSERT_EQ(running, 0u);
          ASSERT_EQ(ended[s->id], 0);
          running = s->id;
        }
        if (auto* f = std::get_if<jobs::finish>(&a)) {
          ++ended[f->id];
          if (running == f->id) running = 0;
        }
      }
    };
    for (int step = 0; step < 60; ++step) {
      auto id = submitted == 0 ? 1 : 1 + random() % submitted;
      uint32_t p = random() % 3;
      switch (random() % 8) {
        case 0: ++submitted; apply(j.submit(submitted, {0, 1, 2}, random() % 4)); break;
        case 1: case 2: case 3: apply(j.finished(running ? running : id, p, {})); break;
        case 4: apply(j.failed(id, p, {random() % 2 ? errc::worker_lost : errc::value, "x"})); break;
        case 5: apply(j.worker_lost(p, "x")); break;
        case 6: apply(j.grace_over(id)); break;
        default: apply(j.cancelled(id, "x"));
      }
    }
    for (uint32_t p = 0; p < 3; ++p) apply(j.worker_lost(p, "end"));
    ASSERT_EQ(j.waiting(), 0u);
    for (uint64_t id = 1; id <= submitted; ++id) ASSERT_EQ(ended[id], 1) << "seed " << seed << " job " << id;
  }
}

}  // namespace
}  // namespace gli
