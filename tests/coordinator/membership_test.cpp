#include "coordinator/membership.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace gli {
namespace {

hello worker_hello(uint32_t wish, uint32_t pid) {
  hello h;
  h.what = purpose::control;
  h.partition = wish;
  h.pid = pid;
  h.address = "door-" + std::to_string(pid);
  return h;
}

template <class T>
const T* find(const membership::actions& list) {
  for (auto& a : list)
    if (auto* t = std::get_if<T>(&a)) return t;
  return nullptr;
}

TEST(membership, announces_a_term_once_every_partition_has_a_worker) {
  membership m{2};
  auto first = m.joined(worker_hello(1, 10));
  EXPECT_EQ(find<membership::announce>(first), nullptr);
  auto actions = m.joined(worker_hello(0, 11));
  ASSERT_NE(find<membership::announce>(actions), nullptr);
  EXPECT_EQ(m.doors_for(0), (std::vector<std::string>{"door-11", "door-10"}));
  EXPECT_TRUE(m.placed(1, 0).empty());
  EXPECT_FALSE(m.is_ready());
  actions = m.placed(1, 1);
  ASSERT_NE(find<membership::ready>(actions), nullptr);
  EXPECT_EQ(find<membership::ready>(actions)->fresh, (std::vector<uint32_t>{0, 1}));
  EXPECT_TRUE(m.is_ready());
}

TEST(membership, gives_a_worker_the_partition_it_wishes_or_a_vacant_one) {
  membership m{2};
  auto first = m.joined(worker_hello(1, 10)), second = m.joined(worker_hello(1, 11)), third = m.joined(worker_hello(0, 12));
  EXPECT_EQ(find<membership::assign>(first)->partition, 1u);
  EXPECT_EQ(find<membership::assign>(second)->partition, 0u);
  EXPECT_NE(find<membership::refuse>(third), nullptr);
}

TEST(membership, a_lost_worker_makes_the_cluster_not_ready_and_names_it) {
  membership m{1};
  m.joined(worker_hello(0, 77));
  m.placed(1, 0);
  auto actions = m.left(1);
  ASSERT_NE(find<membership::lost>(actions), nullptr);
  EXPECT_EQ(m.why_not_ready(), "partition 0 has no worker: worker 1 (pid 77) is gone; restart it");
  EXPECT_TRUE(m.left(1).empty());
}

hello far_hello(uint32_t wish, uint32_t pid, const std::string& host, bool tls = true) {
  auto h = worker_hello(wish, pid);
  h.host = h.host_id = host;
  if (tls) h.tls_address = "gli://" + host + ":" + std::to_string(pid);
  return h;
}

TEST(membership, workers_get_sockets_of_their_own_host_and_tls_doors_of_others) {
  membership m{3};
  m.joined(far_hello(0, 10, "ann"));
  m.joined(far_hello(1, 11, "bob"));
  m.joined(far_hello(2, 12, "ann"));
  EXPECT_EQ(m.doors_for(0), (std::vector<std::string>{"door-10", "gli://bob:11", "door-12"}));
  EXPECT_EQ(m.doors_for(1), (std::vector<std::string>{"gli://ann:10", "door-11", "gli://ann:12"}));
}

TEST(membership, a_worker_that_those_on_other_hosts_could_not_reach_is_refused_by_name) {
  membership m{3};
  m.joined(far_hello(0, 10, "ann", false));
  EXPECT_NE(find<membership::assign>(m.joined(far_hello(1, 11, "ann", false))), nullptr);
  auto actions = m.joined(far_hello(2, 12, "bob"));
  ASSERT_NE(find<membership::refuse>(actions), nullptr);
  auto& why = find<membership::refuse>(actions)->why;
  EXPECT_EQ(why, "worker 1 (pid 10, partition 0) on host ann and this one on host bob are on different hosts, and that one has no TLS door: start it with credentials");
  EXPECT_FALSE(find<membership::refuse>(actions)->for_good) << "that one may come back with credentials";
}

TEST(membership, a_worker_that_has_itself_no_door_for_the_others_is_refused_for_good_and_one_too_many_for_now) {
  membership m{2};
  m.joined(far_hello(0, 10, "ann"));
  auto alone = m.joined(far_hello(1, 11, "bob", false));
  ASSERT_NE(find<membership::refuse>(alone), nullptr);
  EXPECT_TRUE(find<membership::refuse>(alone)->for_good);
  m.joined(far_hello(1, 12, "bob"));
  auto surplus = m.joined(far_hello(0, 13, "bob"));
  ASSERT_NE(find<membership::refuse>(surplus), nullptr);
  EXPECT_FALSE(find<membership::refuse>(surplus)->for_good);
}

TEST(membership, what_a_worker_uses_is_reported_while_it_is_there) {
  membership m{1};
  m.joined(far_hello(0, 10, "ann"));
  m.uses(1, 77, 5, 6);
  m.uses(2, 99, 7, 8);
  EXPECT_EQ(m.report()[0].memory, 77u);
  EXPECT_EQ(m.report()[0].sent, 5u);
  EXPECT_EQ(m.report()[0].received, 6u);
  EXPECT_EQ(m.report()[0].host_id, "ann");
}

TEST(membership, an_answer_to_an_old_term_does_not_make_it_ready) {
  membership m{1};
  m.joined(worker_hello(0, 1));
  m.left(1);
  m.joined(worker_hello(0, 2));
  EXPECT_EQ(m.term(), 2u);
  EXPECT_TRUE(m.placed(1, 0).empty());
  EXPECT_FALSE(m.is_ready());
  auto actions = m.placed(2, 0);
  ASSERT_NE(find<membership::ready>(actions), nullptr);
  EXPECT_EQ(find<membership::ready>(actions)->fresh, std::vector<uint32_t>{0});
}

TEST(membership, holds_its_invariants_in_ten_thousand_random_orders) {
  for (uint32_t seed = 0; seed < 10000; ++seed) {
    std::mt19937 random{seed};
    uint32_t partitions = 1 + random() % 4, pid = 100, last_term = 0;
    membership m{partitions};
    std::map<uint32_t, uint32_t> seat_of;  // worker to partition
    for (int step = 0; step < 30; ++step) {
      membership::actions actions;
      switch (random() % 3) {
        case 0:
          actions = m.joined(worker_hello(random() % (partitions + 1), pid++));
          if (auto* a = find<membership::assign>(actions)) {
            for (auto& [w, p] : seat_of) ASSERT_NE(p, a->partition);
            seat_of[a->worker] = a->partition;
          } else {
            ASSERT_EQ(seat_of.size(), partitions);
          }
          break;
        case 1:
          actions = m.placed(m.term(), random() % partitions);
          break;
        default:
          if (seat_of.empty()) break;
          auto victim = std::next(seat_of.begin(), long(random() % seat_of.size()));
          actions = m.left(victim->first);
          ASSERT_NE(find<membership::lost>(actions), nullptr);
          seat_of.erase(victim);
      }
      if (auto* a = find<membership::announce>(actions)) {
        ASSERT_EQ(seat_of.size(), partitions);
        ASSERT_EQ(m.doors_for(random() % partitions).size(), partitions);
        ASSERT_GT(a->term, last_term);
        last_term = a->term;
      }
      if (m.is_ready()) { ASSERT_EQ(seat_of.size(), partitions); }
      ASSERT_EQ(m.is_ready(), m.why_not_ready().empty());
    }
  }
}

}  // namespace
}  // namespace gli
