#include "runtime/exchange.h"

#include <capnp/message.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <random>

#include "runtime/exchange_link.h"
#include "schema/wire.capnp.h"
#include "tests/runtime/exchange_peers.h"

namespace gli {
namespace {

using testing::exchange_peer;
using testing::exchange_peers;

/// What rank `from` sends to rank `to` in a round: all ranks can tell.
size_t size_of(uint64_t seed, uint32_t from, uint32_t to, int round) {
  std::seed_seq mix{seed, uint64_t(from), uint64_t(to), uint64_t(round)};
  std::mt19937 random{mix};
  switch (random() % 4) {
    case 0: return 0;
    case 1: return random() % 100;
    case 2: return random() % (3u << 20);
    default: return random() % (20u << 20);
  }
}

byte_buffer content(uint32_t from, uint32_t to, int round, size_t size) {
  byte_buffer b(size);
  uint64_t x = uint64_t(from) << 40 | uint64_t(to) << 20 | uint64_t(round);
  for (size_t i = 0; i + 8 <= size; i += 8) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    std::memcpy(b.data() + i, &x, 8);
  }
  for (size_t i = size & ~size_t{7}; i < size; ++i) b[i] = uint8_t(i + to);
  return b;
}

std::string thrown(const std::exception_ptr& e, errc code) {
  try {
    if (e) std::rethrow_exception(e);
  } catch (const failure& f) {
    EXPECT_EQ(f.code(), code) << f.what();
    return f.what();
  }
  ADD_FAILURE() << "nothing thrown";
  return {};
}

struct many { uint32_t workers; bool tls; };
class exchange_of : public ::testing::TestWithParam<many> {};
INSTANTIATE_TEST_SUITE_P(workers, exchange_of, ::testing::Values(many{1, false}, many{2, false}, many{3, false}, many{4, false}, many{2, true}, many{4, true}),
                         [](auto& info) { return std::to_string(info.param.workers) + (info.param.tls ? "_over_tls" : ""); });

TEST_P(exchange_of, random_messages_of_all_sizes_arrive_where_they_belong) {
  exchange_peers peers{GetParam().workers, GetParam().tls};
  peers.run_well(1, [&](communicator& all) {
    for (int round = 0; round < 12; ++round) {
      std::vector<byte_buffer> out(all.size());
      for (uint32_t q = 0; q < all.size(); ++q) out[q] = content(all.rank(), q, round, size_of(7, all.rank(), q, round));
      auto in = all.all_to_all(std::move(out));
      ASSERT_EQ(in.size(), all.size());
      for (uint32_t q = 0; q < all.size(); ++q)
        ASSERT_TRUE(in[q] == content(q, all.rank(), round, size_of(7, q, all.rank(), round))) << "round " << round << " from " << q;
    }
  });
}

TEST_P(exchange_of, messages_that_are_made_one_by_one_arrive_by_rank) {
  exchange_peers peers{GetParam().workers, GetParam().tls};
  peers.run_well(1, [&](communicator& all) {
    for (int round = 0; round < 12; ++round) {
      std::vector<uint32_t> from;
      auto make = [&](uint32_t q) { return content(all.rank(), q, round, size_of(7, all.rank(), q, round)); };
      all.all_to_all(make, [&](uint32_t q, byte_buffer bytes) {
        from.push_back(q);
        EXPECT_TRUE(bytes == content(q, all.rank(), round, size_of(7, q, all.rank(), round))) << "round " << round << " from " << q;
      });
      std::vector<uint32_t> others;
      for (uint32_t q = 0; q < all.size(); ++q)
        if (q != all.rank()) others.push_back(q);
      ASSERT_EQ(from, others);
    }
  });
}

TEST(exchange, what_was_made_first_arrives_while_the_next_is_made) {
  exchange_peers peers{3};
  std::promise<void> arrived;
  auto waited = arrived.get_future().share();
  peers.run_well(1, [&](communicator& all) {
    auto make = [&](uint32_t q) {
      if (all.rank() == 0 && q == 2) EXPECT_EQ(waited.wait_for(std::chrono::seconds{20}), std::future_status::ready);
      return byte_buffer{uint8_t(q)};
    };
    all.all_to_all(make, [&](uint32_t q, byte_buffer) {
      if (all.rank() == 1 && q == 0) arrived.set_value();
    });
  });
}

TEST_P(exchange_of, small_rounds_in_a_row_keep_their_order) {
  exchange_peers peers{GetParam().workers, GetParam().tls};
  for (uint64_t job = 1; job <= 5; ++job)
    peers.run_well(job, [&](communicator& all) {
      for (int round = 0; round < 300; ++round) {
        std::vector<byte_buffer> out(all.size());
        for (uint32_t q = 0; q < all.size(); ++q) out[q] = content(all.rank(), q, round, (round * 7 + q * 3 + all.rank()) % 23);
        auto in = all.all_to_all(std::move(out));
        for (uint32_t q = 0; q < all.size(); ++q)
          ASSERT_TRUE(in[q] == content(q, all.rank(), round, (round * 7 + all.rank() * 3 + q) % 23)) << "round " << round;
        uint64_t sum = all.rank() + 1;
        all.all_reduce({&sum, 1}, reduction::sum);
        ASSERT_EQ(sum, uint64_t(all.size()) * (all.size() + 1) / 2);
      }
    });
}

TEST_P(exchange_of, all_reduce_gives_every_rank_the_sum_the_least_and_the_greatest) {
  exchange_peers peers{GetParam().workers, GetParam().tls};
  peers.run_well(1, [&](communicator& all) {
    for (size_t n : {0u, 1u, 5u, 65536u, 200'001u}) {
      auto term = [](uint32_t rank, size_t i) { return (i + 1) * 0x9e3779b97f4a7c15u * (rank + 1); };
      for (auto how : {reduction::sum, reduction::min, reduction::max}) {
        std::vector<uint64_t> values(n);
        for (size_t i = 0; i < n; ++i) values[i] = term(all.rank(), i);
        all.all_reduce(values, how);
        for (size_t i = 0; i < n; ++i) {
          auto expected = term(0, i);
          for (uint32_t q = 1; q < all.size(); ++q) {
            auto x = term(q, i);
            expected = how == reduction::sum ? expected + x : how == reduction::min ? std::min(expected, x) : std::max(expected, x);
          }
          ASSERT_EQ(values[i], expected);
        }
      }
    }
  });
}

TEST(exchange, a_peer_that_is_ahead_by_a_round_waits_for_credit_and_all_arrives) {
  exchange_peers peers{2};
  constexpr size_t big = 40u << 20;
  peers.run_well(1, [&](communicator& all) {
    for (int round = 0; round < 2; ++round) {
      std::vector<byte_buffer> out(2);
      if (all.rank() == 0) out[1] = content(0, 1, round, big);
      auto in = all.all_to_all(std::move(out));
      if (all.rank() == 1) { ASSERT_TRUE(in[0] == content(0, 1, round, big)); }
    }
  });
  EXPECT_GE(peers.peers[0]->bulk->bytes_sent(), 2 * big);
  EXPECT_LT(peers.peers[1]->bulk->bytes_sent(), big / 100);
}

TEST(exchange, frames_of_a_job_that_has_not_begun_here_wait_for_it) {
  exchange_peers peers{2};
  auto early = peers.peers[0]->bulk->begin(1, {});
  std::vector<byte_buffer> received;
  std::thread ahead{[&] {
    std::vector<byte_buffer> out(2);
    out[1] = content(0, 1, 0, 20u << 20);
    received = early->all_to_all(std::move(out));
  }};
  while (peers.peers[0]->bulk->bytes_sent() < (6u << 20)) std::this_thread::yield();  // its credit is nearly used up
  EXPECT_LE(peers.peers[0]->bulk->bytes_sent(), limits::credit + 4096);
  auto late = peers.peers[1]->bulk->begin(1, {});
  auto in = late->all_to_all({{1, 2, 3}, {}});
  ahead.join();
  EXPECT_TRUE(in[0] == content(0, 1, 0, 20u << 20));
  EXPECT_EQ(received[1], (byte_buffer{1, 2, 3}));
}

TEST(exchange, progress_reaches_the_sink) {
  exchange_peers peers{1};
  std::string seen;
  auto all = peers.peers[0]->bulk->begin(1, [&](std::string_view what, uint64_t done, uint64_t total, std::string_view detail) {
    seen = std::string{what} + " " + std::to_string(done) + "/" + std::to_string(total) + ": " + std::string{detail};
  });
  all->progress("rounds", 3, 20, "residual 0.5");
  EXPECT_EQ(seen, "rounds 3/20: residual 0.5");
}

TEST(exchange, abort_wakes_everyone_and_names_the_cause) {
  exchange_peers peers{3};
  std::atomic<int> waiting{0};
  std::thread aborter{[&] {
    while (waiting < 2) std::this_thread::yield();
    for (auto& p : peers.peers) p->bulk->abort(4, errc::cancelled, "the user gave up");
  }};
  auto errors = peers.run(4, [&](communicator& all) {
    ++waiting;
    if (all.rank() != 2) all.all_to_all(std::vector<byte_buffer>(3));  // never complete: rank 2 does not call
    else for (;;) all.progress("computing", 0, 0);
  });
  aborter.join();
  for (auto& e : errors) EXPECT_EQ(thrown(e, errc::cancelled), "the user gave up");
}

TEST(exchange, after_an_abort_with_messages_under_way_the_next_job_runs) {
  exchange_peers peers{2};
  for (uint64_t job = 1; job <= 6; ++job) {
    std::thread aborter{[&] {
      while (peers.peers[0]->bulk->bytes_sent() < job * (4u << 20)) std::this_thread::yield();
      for (auto& p : peers.peers) p->bulk->abort(2 * job, errc::cancelled, "again");
    }};
    auto errors = peers.run(2 * job, [&](communicator& all) {
      for (int round = 0;; ++round) all.all_to_all({content(all.rank(), 0, round, 3u << 20), content(all.rank(), 1, round, 5u << 20)});
    });
    aborter.join();
    for (auto& e : errors) thrown(e, errc::cancelled);
    peers.run_well(2 * job + 1, [&](communicator& all) {
      auto in = all.all_to_all({content(all.rank(), 0, 0, 9u << 20), content(all.rank(), 1, 0, 9u << 20)});
      for (uint32_t q = 0; q < 2; ++q) ASSERT_TRUE(in[q] == content(q, all.rank(), 0, 9u << 20));
    });
  }
}

TEST(exchange, a_job_aborted_before_it_begins_fails_when_it_does) {
  exchange_peers peers{2};
  for (auto& p : peers.peers) p->bulk->abort(3, errc::worker_lost, "partition 1 is gone");
  for (auto& e : peers.run(3, [](communicator&) {})) EXPECT_EQ(thrown(e, errc::worker_lost), "partition 1 is gone");
  peers.run_well(4, [](communicator& all) { all.all_reduce({}, reduction::sum); });
}

TEST(exchange, a_peer_that_closes_is_named_by_the_job_that_needs_it) {
  exchange_peers peers{3};
  peers.run_well(1, [](communicator& all) { all.all_reduce({}, reduction::sum); });
  std::atomic<int> begun{0};
  std::thread killer{[&] {
    while (begun < 3) std::this_thread::yield();
    peers.peers[1].reset();
  }};
  auto errors = peers.run(2, [&](communicator& all) {
    ++begun;
    if (all.rank() == 1) return;
    all.all_to_all(std::vector<byte_buffer>(3));
  });
  killer.join();
  for (uint32_t q : {0u, 2u}) {
    auto why = thrown(errors[q], errc::worker_lost);
    EXPECT_NE(why.find("partition 1"), std::string::npos) << why;
  }
}

TEST(exchange, a_new_placement_replaces_a_lost_peer_and_keeps_the_others) {
  exchange_peers peers{4};
  peers.run_well(1, [](communicator& all) { all.all_reduce({}, reduction::sum); });
  for (uint32_t lost : {1u, 3u, 0u}) {
    peers.peers[lost].reset();
    peers.doors[lost] = peers.new_door();
    peers.peers[lost] = std::make_unique<exchange_peer>(peers.doors[lost]);
    peers.place(2 + lost * 10 + (lost == 0 ? 100 : 0));
    peers.run_well(10 * (lost + 1) + (lost == 0 ? 1000 : 0), [&](communicator& all) {
      std::vector<byte_buffer> out(4, byte_buffer{uint8_t(all.rank())});
      auto in = all.all_to_all(std::move(out));
      for (uint32_t q = 0; q < 4; ++q) ASSERT_EQ(in[q], byte_buffer{uint8_t(q)});
    });
  }
}

TEST(exchange, a_new_placement_aborts_the_running_job) {
  exchange_peers peers{2};
  std::atomic<int> begun{0};
  std::thread placer{[&] {
    while (begun < 2) std::this_thread::yield();
    peers.place(2);
  }};
  auto errors = peers.run(1, [&](communicator& all) {
    ++begun;
    for (;;) all.progress("", 0, 0);
  });
  placer.join();
  for (auto& e : errors) thrown(e, errc::worker_lost);
  peers.run_well(2, [](communicator& all) { all.all_reduce({}, reduction::sum); });
}

TEST(exchange, a_job_before_the_placement_is_refused) {
  asio::io_context io;
  exchange alone{io, {"c1", 1}, "/nowhere"};
  EXPECT_THROW(alone.begin(1, {}), failure);
}

TEST(exchange, a_peer_that_is_not_there_is_named_after_the_wait_with_what_became_of_the_knocks) {
  asio::io_context io;
  exchange alone{io, {"c1", 1}, "/nowhere/1", {}, 0.05};
  alone.place(1, 1, {"/nowhere/0", "/nowhere/1"});
  auto tried = [&](uint64_t job) {
    std::exception_ptr error;
    try {
      alone.begin(job, {});
    } catch (...) { error = std::current_exception(); }
    return thrown(error, errc::worker_lost);
  };
  EXPECT_EQ(tried(1), "partition 0 at /nowhere/0 cannot be reached");  // nobody has knocked: nothing runs the io_context
  for (std::string why; why.empty();) {
    io.poll();
    why = tried(1);
    if (why.find(": ") == why.npos) why.clear();
    else EXPECT_EQ(why, "partition 0 at /nowhere/0 cannot be reached: the door at /nowhere/0: No such file or directory");
  }
}

/// Speaks to a worker's exchange as partition 1 of 2, frame by frame.
struct impostor {
  explicit impostor(const std::string& door) : socket{knock(io, door, greeting(), 30).first} {}
  static hello greeting() {
    hello h;
    h.software = "test";
    h.what = purpose::bulk;
    h.cluster = "c1";
    h.address = "elsewhere";
    h.partition = 1;
    h.term = 1;
    return h;
  }
  frame_header header(frame_kind kind, uint32_t round) {
    frame_header h;
    h.kind = uint16_t(kind);
    h.flags = flag_last;
    h.cluster = cluster_hash("c1");
    h.epoch = 1;
    h.term = 1;
    h.job = 1;
    h.round = round;
    h.sender = 1;
    return h;
  }
  bool closed() {
    boost::system::error_code error;
    std::array<char, 4096> sink;
    while (!error) socket.read_some(asio::buffer(sink), error);
    return true;
  }
  asio::io_context io;
  local_socket socket;
};

struct exchange_rules : ::testing::Test {
  exchange_peers peers{1};
  exchange_rules() { peers.peers[0]->bulk->place(2, 0, {peers.doors[0], "elsewhere"}); }
};

/// One value of a reduction, as a body.
byte_buffer laid_out(uint64_t value) {
  auto layout = bulk_layout::of(sizeof value, sizeof value);
  byte_buffer body(sizeof layout + sizeof value);
  std::memcpy(body.data(), &layout, sizeof layout);
  std::memcpy(body.data() + sizeof layout, &value, sizeof value);
  return body;
}

TEST(bulk_layout, is_what_capn_proto_calls_a_bulk) {
  auto body = laid_out(0x1122334455667788);
  kj::ArrayPtr<const capnp::word> segments[] = {{reinterpret_cast<const capnp::word*>(body.data()), body.size() / 8}};
  capnp::SegmentArrayMessageReader reader{segments};
  auto bulk = reader.getRoot<wire::Bulk>();
  EXPECT_EQ(bulk.getTotal(), 8u);
  ASSERT_EQ(bulk.getBytes().size(), 8u);
  EXPECT_EQ(bulk.getBytes()[0], 0x88);
}

TEST_F(exchange_rules, frames_of_an_old_term_are_skipped_and_the_new_ones_count) {
  impostor other{peers.doors[0]};
  auto h = other.header(frame_kind::reduce, 1);
  write_frame(other.socket, h, laid_out(~uint64_t{0}));  // term 1: of the past
  h.term = 2;
  write_frame(other.socket, h, laid_out(0));
  auto all = peers.peers[0]->bulk->begin(1, {});
  uint64_t x = 41;
  all->all_reduce({&x, 1}, reduction::sum);
  EXPECT_EQ(x, 41u);
}

TEST_F(exchange_rules, bursts_of_frames_of_any_number_are_read_to_their_end_though_nothing_follows) {
  impostor other{peers.doors[0]};
  for (uint32_t job = 1; job <= 300; ++job) {
    byte_buffer burst;
    for (uint32_t round = 1; round <= job; ++round) {  // empty messages: headers alone
      auto h = other.header(frame_kind::data, round);
      h.term = 2;
      h.job = job;
      seal(h);
      auto bytes = reinterpret_cast<const uint8_t*>(&h);
      burst.insert(burst.end(), bytes, bytes + sizeof h);
    }
    asio::write(other.socket, asio::buffer(burst));
    auto all = peers.peers[0]->bulk->begin(job, {});
    for (uint32_t round = 1; round <= job; ++round) EXPECT_TRUE(all->all_to_all({{}, {}})[1].empty());
  }
}

TEST_F(exchange_rules, whoever_breaks_them_is_cut_off) {
  auto breaks = [&](auto change, size_t body) {
    impostor other{peers.doors[0]};
    auto h = other.header(frame_kind::data, 1);
    h.term = 2;
    change(h);
    try {
      write_frame(other.socket, h, byte_buffer(body, 0));
    } catch (const failure&) {  // cut off before the body was through
    }
    EXPECT_TRUE(other.closed());
  };
  breaks([](frame_header& h) { h.kind = uint16_t(frame_kind::request); }, 8);
  breaks([](frame_header& h) { h.sender = 0; }, 8);
  breaks([](frame_header& h) { h.cluster = 5; }, 8);
  breaks([](frame_header& h) { h.sequence = 3; }, 8);
  breaks([](frame_header& h) { h.kind = uint16_t(frame_kind::reduce), h.flags = 0; }, 8);
  breaks([](frame_header& h) { h.kind = uint16_t(frame_kind::credit), h.sequence = 1 << 20; }, 0);
  breaks([](frame_header&) {}, size_t(limits::bulk_body) + 8);
}

TEST_F(exchange_rules, whoever_sends_more_than_its_credit_is_cut_off) {
  impostor other{peers.doors[0]};
  auto h = other.header(frame_kind::data, 1);
  h.term = 2;
  h.job = 9;  // never begins
  h.flags = 0;
  byte_buffer body(1 << 20, 0xff);
  EXPECT_THROW(
      for (int i = 0; i < 100; ++i) {
        h.sequence = uint32_t(i);
        write_frame(other.socket, h, body);
      },
      failure);
}

}  // namespace
}  // namespace gli
