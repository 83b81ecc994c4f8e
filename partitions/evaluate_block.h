#pragma once
// What the operations on one block of rows share. Inside of evaluate_*.cpp only.

#include <cmath>

#include "partitions/evaluate_lanes.h"

namespace gli {

/// One block of rows while it is evaluated, by one thread.
struct block_context {
  int64_t rows;
  std::atomic<uint32_t>& fault;

  void blame(const plan& p) const {
    auto known = fault.load(std::memory_order_relaxed);
    while (known < p.fault && !fault.compare_exchange_weak(known, p.fault, std::memory_order_relaxed)) {
    }
  }

  lane boolean_lane() const {
    lane to;
    to.type = value_kind::boolean;
    to.truth.resize(words_for(rows));
    return to;
  }

  /// Rows where both have a value; empty: all.
  row_bits both_valid(const lane& a, const lane& b) const;
};

inline void clear_invalid(lane& x) {
  for (size_t w = 0; w < x.valid.size(); ++w) x.truth[w] &= x.valid[w];
}

lane compared(const block_context& block, const plan& p, const lane& a, const lane& b);  // the six comparisons
lane is_member(const block_context& block, const literal_set& among, const lane& x);
lane text_test(const block_context& block, const plan& p, const lane& x);  // values of a json column must be text

}  // namespace gli
