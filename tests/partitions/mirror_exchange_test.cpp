#include "partitions/mirror_exchange.h"

#include <gtest/gtest.h>

#include "tests/oracles/plain_graph.h"

namespace gli::testing {
namespace {

plain_graph crossing() { return random_graph(500, 1500, true, false, key_type::int64, 21); }

/// A number that every partition knows of a vertex, own or mirror.
uint64_t mark(const graph& g, int32_t v) { return node_hash(g, v).low; }

TEST(mirror_exchange, broadcast_gives_every_mirror_its_owners_value) {
  for (uint32_t p : {1u, 2u, 4u})
    on_partitions(crossing(), p, [](const graph& g, communicator& all) {
      graph_view view{g};
      vertex_array<uint64_t> a{view, 0};
      for (int32_t v = 0; v < view.size(); ++v) a[v] = mark(g, v);
      broadcast(a, view, all);
      for (int32_t m = -view.mirrors(); m < 0; ++m) EXPECT_EQ(a[m], mark(g, m));
    });
}

TEST(mirror_exchange, broadcast_changed_tells_of_the_changed_only) {
  for (uint32_t p : {2u, 4u})
    on_partitions(crossing(), p, [](const graph& g, communicator& all) {
      graph_view view{g};
      vertex_array<uint64_t> a{view, 7};
      for (int32_t v = 0; v < view.size(); ++v) a[v] = mark(g, v);
      std::set<int32_t> heard;
      broadcast_changed(
          a, view, all, [&](int32_t v) { return mark(g, v) % 3 == 0; },
          [&](int32_t m, uint64_t x) {
            EXPECT_EQ(x, mark(g, m));
            EXPECT_TRUE(heard.insert(m).second);
          });
      for (int32_t m = -view.mirrors(); m < 0; ++m) {
        EXPECT_EQ(heard.count(m), mark(g, m) % 3 == 0 ? 1u : 0u);
        EXPECT_EQ(a[m], mark(g, m) % 3 == 0 ? mark(g, m) : 7);
      }
    });
}

TEST(mirror_exchange, gather_changed_brings_what_mirrors_hold_to_their_owner) {
  for (uint32_t p : {2u, 4u})
    on_partitions(crossing(), p, [](const graph& g, communicator& all) {
      graph_view view{g};
      vertex_array<uint32_t> a{view, 0};
      for (int32_t m = -view.mirrors(); m < 0; ++m) a[m] = uint32_t(mark(g, m));
      std::map<int32_t, size_t> times, expected;
      gather_changed(
          a, view, all, [](int32_t m) { return m % 2 == 0; },
          [&](int32_t own, uint32_t x) {
            EXPECT_EQ(x, uint32_t(mark(g, own)));
            ++times[own];
          });
      uint64_t sent = 0, got = 0;
      for (int32_t m = -view.mirrors(); m < 0; ++m) sent += m % 2 == 0;
      for (auto [own, n] : times) got += n;
      std::array<uint64_t, 2> totals{sent, got};
      all.all_reduce(totals, reduction::sum);
      EXPECT_EQ(totals[0], totals[1]);
      EXPECT_GT(totals[0], 0u);
    });
}

TEST(mirror_exchange, refuses_a_message_that_names_a_mirror_that_is_not_there) {
  byte_buffer bytes;
  byte_writer to{bytes};
  to.put_varint(3);
  to.put(uint32_t{1});
  std::vector<int32_t> ids{-1, -2, -3};
  EXPECT_THROW(detail::decode_changed<uint32_t>(bytes, ids, [](int32_t, uint32_t) {}), failure);
  bytes.resize(2);
  EXPECT_THROW(detail::decode_changed<uint32_t>(bytes, ids, [](int32_t, uint32_t) {}), failure);
}

TEST(byte_stream, reads_back_what_was_written_and_no_more) {
  byte_buffer bytes;
  byte_writer to{bytes};
  for (uint64_t x : {uint64_t{0}, uint64_t{127}, uint64_t{128}, ~uint64_t{0}}) to.put_varint(x);
  to.put_text("añb");
  to.put(1.5);
  byte_reader from{bytes};
  for (uint64_t x : {uint64_t{0}, uint64_t{127}, uint64_t{128}, ~uint64_t{0}}) EXPECT_EQ(from.get_varint(), x);
  EXPECT_EQ(from.get_text(), "añb");
  EXPECT_EQ(from.get<double>(), 1.5);
  EXPECT_TRUE(from.at_end());
  EXPECT_THROW(from.get<uint8_t>(), failure);
  byte_buffer endless(11, 0xff);
  EXPECT_THROW(byte_reader{endless}.get_varint(), failure);
}

}  // namespace
}  // namespace gli::testing
