#include "coordinator/submissions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "runtime/error.h"

namespace gli {
namespace {

using how = submissions::end_of_job::how;
using state = submission_state;

template <class T>
std::vector<uint64_t> ids_of(const submissions::actions& list) {
  std::vector<uint64_t> ids;
  for (auto& a : list)
    if (auto* t = std::get_if<T>(&a)) ids.push_back(t->id);
  return ids;
}

using numbers = std::vector<uint64_t>;

submission job_with(uint64_t token, bool detached = true) {
  submission s;
  s.token = token;
  s.name = "job-" + std::to_string(token);
  s.detached = detached;
  return s;
}

/// A machine that may start jobs, and what is done with each at once.
struct machine {
  explicit machine(submissions::limits l = {}) : s{l} { s.may_start(true, 0); }
  uint64_t submit(uint64_t token, bool detached = true, uint64_t session = 1) {
    submissions::actions out;
    auto id = s.submit(job_with(token, detached), session, ++now, out);
    if (!out.empty()) last = s.stored(id, ++now);
    return id;
  }
  submissions::actions end(uint64_t id, how went = how::good, uint64_t bytes = 1) { return s.ended(id, {went, 0, "why", 0, bytes}, ++now); }
  state of(uint64_t id) const { return s.job(id).state; }

  submissions s;
  int64_t now = 0;
  submissions::actions last;
};

TEST(submissions, start_when_they_are_stored_in_the_order_they_came_as_many_as_may_run) {
  machine m{{.running = 2}};
  m.submit(11);
  EXPECT_EQ(ids_of<submissions::start>(m.last), numbers{1});
  m.submit(12);
  m.submit(13);
  EXPECT_EQ(m.of(2), state::running);
  EXPECT_EQ(m.of(3), state::waiting);
  EXPECT_EQ(ids_of<submissions::start>(m.end(1)), numbers{3});
}

TEST(submissions, wait_until_the_partitions_have_workers) {
  submissions s{{}};
  submissions::actions out;
  auto id = s.submit(job_with(1), 1, 0, out);
  EXPECT_TRUE(ids_of<submissions::start>(s.stored(id, 0)).empty());
  EXPECT_EQ(ids_of<submissions::start>(s.may_start(true, 0)), numbers{id});
}

TEST(submissions, of_the_same_token_are_the_same_job) {
  machine m;
  EXPECT_EQ(m.submit(7), m.submit(7));
  EXPECT_EQ(m.s.all().size(), 1u);
  m.end(1);
  EXPECT_EQ(m.submit(7), 1u);
  EXPECT_EQ(m.of(1), state::succeeded);
}

TEST(submissions, that_cannot_be_stored_are_as_if_never_submitted) {
  submissions s{{}};
  submissions::actions out;
  auto id = s.submit(job_with(1), 1, 0, out);
  EXPECT_EQ(ids_of<submissions::forget>(s.not_stored(id)), numbers{id});
  EXPECT_FALSE(s.has(id));
  EXPECT_THROW(s.job(id), failure);
  out.clear();
  EXPECT_NE(s.submit(job_with(1), 1, 0, out), id);
}

TEST(submissions, end_as_their_processes_did) {
  machine m;
  auto a = m.submit(1), b = m.submit(2), c = m.submit(3);
  m.end(a);
  m.end(b, how::bad);
  m.end(c, how::unknown);
  EXPECT_EQ(m.of(a), state::succeeded);
  EXPECT_EQ(m.of(b), state::failed);
  EXPECT_EQ(m.s.job(b).error, "why");
  EXPECT_EQ(m.of(c), state::lost);
}

submissions::over over_of(const submissions::actions& list) {
  for (auto& a : list)
    if (auto* o = std::get_if<submissions::over>(&a)) return *o;
  throw std::logic_error{"no job is over"};
}

TEST(submissions, tell_how_they_ended_and_how_long_they_ran) {
  machine m{{.running = 1}};
  auto a = m.submit(1), b = m.submit(2);
  m.now = 1'000'000 + m.s.job(a).started - 1;
  auto first = over_of(m.end(a));
  EXPECT_EQ(first.how, state::succeeded);
  EXPECT_EQ(first.ran, 1'000'000);
  EXPECT_EQ(m.of(b), state::running);
  auto c = m.submit(3);
  auto never = over_of(m.s.cancel(c, "unwanted", ++m.now));
  EXPECT_EQ(never.how, state::cancelled);
  EXPECT_EQ(never.ran, 0);
}

TEST(submissions, that_are_cancelled_are_stopped_first_or_never_start) {
  machine m{{.running = 1}};
  auto a = m.submit(1), b = m.submit(2);
  EXPECT_EQ(ids_of<submissions::over>(m.s.cancel(b, "unwanted", 1)), numbers{b});
  EXPECT_EQ(m.s.job(b).error, "unwanted");
  EXPECT_EQ(ids_of<submissions::stop>(m.s.cancel(a, "unwanted", 1)), numbers{a});
  EXPECT_EQ(m.of(a), state::running);
  EXPECT_TRUE(m.s.cancel(a, "again", 1).empty());
  m.end(a, how::bad);
  EXPECT_EQ(m.of(a), state::cancelled);
  EXPECT_TRUE(m.s.cancel(a, "again", 1).empty());
}

TEST(submissions, that_succeed_before_they_hear_of_their_end_have_succeeded) {
  machine m;
  auto a = m.submit(1);
  m.s.cancel(a, "unwanted", 1);
  m.end(a);
  EXPECT_EQ(m.of(a), state::succeeded);
}

const submissions::arm* armed(const submissions::actions& list) {
  for (auto& a : list)
    if (auto* t = std::get_if<submissions::arm>(&a)) return t;
  return nullptr;
}

TEST(submissions, that_are_attached_end_a_lease_after_the_last_that_holds_them) {
  machine m;
  auto a = m.submit(1, false, 5);
  m.s.touched(a, 6);
  EXPECT_EQ(armed(m.s.session_gone(5)), nullptr);
  auto out = m.s.session_gone(6);
  ASSERT_NE(armed(out), nullptr);
  EXPECT_EQ(ids_of<submissions::stop>(m.s.lease_over(a, armed(out)->lease, 9)), numbers{a});
}

TEST(submissions, whose_driver_comes_back_within_the_lease_go_on) {
  machine m;
  auto a = m.submit(1, false, 5);
  auto out = m.s.session_gone(5);
  m.s.touched(a, 6);
  EXPECT_TRUE(m.s.lease_over(a, armed(out)->lease, 9).empty());
  auto again = m.s.session_gone(6);
  EXPECT_TRUE(m.s.lease_over(a, armed(out)->lease, 9).empty());  // the lease before
  EXPECT_FALSE(m.s.lease_over(a, armed(again)->lease, 9).empty());
}

TEST(submissions, that_are_detached_need_nobody) {
  machine m;
  m.submit(1, true, 5);
  EXPECT_TRUE(m.s.session_gone(5).empty());
}

TEST(submissions, beyond_what_may_wait_are_refused) {
  machine m{{.running = 1, .waiting = 2}};
  for (uint64_t token = 1; token <= 3; ++token) m.submit(token);
  EXPECT_THROW(m.submit(4), failure);
  EXPECT_EQ(m.submit(3), 3u);
}

TEST(submissions, that_ended_first_are_forgotten_first_and_the_highest_number_stays) {
  machine m{{.running = 10, .kept = 2}};
  for (uint64_t token = 1; token <= 5; ++token) m.submit(token);
  m.end(5);
  m.end(1);
  m.end(4);
  EXPECT_TRUE(m.s.has(5));
  EXPECT_EQ(ids_of<submissions::forget>(m.end(2)), numbers{1});
  EXPECT_TRUE(m.s.has(5) && m.s.has(4) && m.s.has(2) && m.s.has(3));
}

TEST(submissions, that_take_too_much_room_are_forgotten) {
  machine m{{.running = 10, .kept_bytes = 100}};
  for (uint64_t token = 1; token <= 5; ++token) m.submit(token);
  m.end(1, how::good, 60);
  EXPECT_EQ(ids_of<submissions::forget>(m.end(2, how::good, 60)), numbers{1});
  EXPECT_EQ(ids_of<submissions::forget>(m.end(3, how::good, 500)), numbers{2});
  EXPECT_TRUE(m.s.has(3));
}

TEST(submissions, of_a_coordinator_before_are_lost_if_they_ran_and_wait_if_they_waited) {
  submissions s{{}};
  submitted_job ran, waited, ended, attached;
  ran.id = 3, ran.state = state::running, ran.token = 30;
  waited.id = 4, waited.detached = true, waited.token = 40;
  ended.id = 7, ended.state = state::failed, ended.token = 70;
  attached.id = 8, attached.token = 80;
  auto out = s.found({{ran, 1}, {waited, 1}, {ended, 1}, {attached, 1}}, 99);
  EXPECT_EQ(s.job(3).state, state::lost);
  EXPECT_EQ(s.job(7).state, state::failed);
  ASSERT_NE(armed(out), nullptr);
  EXPECT_EQ(armed(out)->id, 8u);
  EXPECT_EQ(ids_of<submissions::start>(s.may_start(true, 1)), (numbers{4, 8}));
  out.clear();
  EXPECT_EQ(s.submit(job_with(1), 1, 1, out), 9u);
  EXPECT_EQ(s.submit(job_with(70), 1, 1, out), 7u);
}

TEST(submissions, end_with_the_cluster_and_none_starts_any_more) {
  machine m{{.running = 1}};
  auto a = m.submit(1), b = m.submit(2);
  EXPECT_EQ(ids_of<submissions::stop>(m.s.end("the cluster ends")), numbers{a});
  EXPECT_TRUE(ids_of<submissions::start>(m.end(a, how::bad)).empty());
  EXPECT_EQ(m.of(a), state::cancelled);
  EXPECT_EQ(m.of(b), state::waiting);
  EXPECT_THROW(m.submit(3), failure);
}

// Whatever happens in whatever order: never more run than may, each start has one end, what is told over stays as it is, and in the end nothing runs or waits.
TEST(submissions, hold_their_limits_in_five_thousand_random_orders) {
  for (uint32_t seed = 0; seed < 5000; ++seed) {
    std::mt19937 random{seed};
    submissions s{{.running = 1 + random() % 3, .waiting = 4, .kept = 3, .kept_bytes = 50}};
    std::set<uint64_t> processes, unstored, sessions{1, 2, 3};
    std::map<uint64_t, state> over;
    std::vector<submissions::arm> leases;
    uint64_t token = 1, highest = 0;
    int64_t now = 0;
    auto limit = 1 + std::mt19937{seed}() % 3;
    auto apply = [&](const submissions::actions& list) {
      for (auto& a : list) {
        if (auto* x = std::get_if<submissions::store>(&a)) unstored.insert(x->id);
        if (auto* x = std::get_if<submissions::start>(&a)) {
          ASSERT_TRUE(processes.insert(x->id).second) << "seed " << seed;
          ASSERT_LE(processes.size(), limit) << "seed " << seed;
        }
        if (auto* x = std::get_if<submissions::stop>(&a)) ASSERT_TRUE(processes.contains(x->id)) << "seed " << seed;
        if (auto* x = std::get_if<submissions::over>(&a)) {
          ASSERT_FALSE(over.contains(x->id)) << "seed " << seed;
          if (s.has(x->id)) over[x->id] = s.job(x->id).state;
        }
        if (auto* x = std::get_if<submissions::forget>(&a)) ASSERT_FALSE(processes.contains(x->id)) << "seed " << seed;
        if (auto* x = std::get_if<submissions::arm>(&a)) leases.push_back(*x);
      }
      for (auto& [id, st] : over)
        if (s.has(id)) ASSERT_EQ(s.job(id).state, st) << "seed " << seed;
    };
    auto any = [&](auto& set) { return *std::next(set.begin(), ptrdiff_t(random() % set.size())); };
    auto known = [&] { return highest == 0 ? 0 : 1 + random() % highest; };
    for (int step = 0; step < 80; ++step, ++now) {
      switch (random() % 9) {
        case 0: case 1: {
          submissions::actions out;
          try {
            highest = std::max(highest, s.submit(job_with(random() % 4 ? token++ : token, random() % 2), 1 + random() % 3, now, out));
          } catch (const failure& e) { ASSERT_EQ(e.code(), errc::unavailable); }
          apply(out);
          break;
        }
        case 2: case 3:
          if (!unstored.empty()) {
            auto id = any(unstored);
            unstored.erase(id);
            apply(random() % 5 ? s.stored(id, now) : s.not_stored(id));
          }
          break;
        case 4:
          if (!processes.empty()) {
            auto id = any(processes);
            processes.erase(id);
            apply(s.ended(id, {how(random() % 3), 0, "x", 0, random() % 30}, now));
          }
          break;
        case 5: if (auto id = known(); id && s.has(id)) apply(s.cancel(id, "x", now)); break;
        case 6: apply(s.session_gone(1 + random() % 3)); break;
        case 7:
          if (auto id = known(); id && random() % 2) s.touched(id, 1 + random() % 3);
          else if (!leases.empty()) apply(s.lease_over(leases.back().id, leases[random() % leases.size()].lease, now));
          break;
        default: apply(s.may_start(random() % 4 != 0, now));
      }
      if (HasFatalFailure()) return;
      ASSERT_EQ(s.processes(), processes.size()) << "seed " << seed;
    }
    for (auto id : unstored) apply(s.stored(id, now));
    apply(s.may_start(true, now));
    while (!processes.empty()) {
      auto id = *processes.begin();
      processes.erase(id);
      apply(s.ended(id, {how::good, 0, "", 0, 1}, now));
    }
    if (HasFatalFailure()) return;
    for (auto& j : s.all()) ASSERT_TRUE(has_ended(j.state)) << "seed " << seed;
    ASSERT_LE(s.all().size(), 4u) << "seed " << seed;
  }
}

}  // namespace
}  // namespace gli
