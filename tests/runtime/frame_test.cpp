#include "runtime/frame.h"

#include <gtest/gtest.h>

#include <cstring>

#include "runtime/error.h"

namespace gli {
namespace {

frame_header sample() {
  frame_header h;
  h.kind = uint16_t(frame_kind::data);
  h.flags = flag_last;
  h.length = 4096;
  h.job = 9;
  seal(h);
  return h;
}

TEST(frame, a_sealed_header_passes_and_any_flipped_bit_does_not) {
  auto good = sample();
  EXPECT_NO_THROW(check_header(good, 4096));
  for (size_t bit = 0; bit < 8 * sizeof good; ++bit) {
    auto bad = good;
    reinterpret_cast<uint8_t*>(&bad)[bit / 8] ^= uint8_t(1 << bit % 8);
    EXPECT_THROW(check_header(bad, UINT64_MAX), failure) << "bit " << bit;
  }
}

TEST(frame, lengths_over_the_limit_or_odd_and_reserved_bits_are_refused) {
  auto h = sample();
  EXPECT_THROW(check_header(h, 4088), failure);
  h.length = 4;
  seal(h);
  EXPECT_THROW(check_header(h, 4096), failure);
  h = sample();
  h.flags = 2;
  seal(h);
  EXPECT_THROW(check_header(h, 4096), failure);
  h = sample();
  h.reserved = 1;
  seal(h);
  EXPECT_THROW(check_header(h, 4096), failure);
}

TEST(frame, clusters_are_told_apart_by_their_hash) { EXPECT_NE(cluster_hash("a"), cluster_hash("b")); }

}  // namespace
}  // namespace gli
