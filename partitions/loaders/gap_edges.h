#pragma once
// The edges that the GAP Benchmark Suite's generators make, block by block: each block has random numbers of its own. Inside of loaders/gap*.cpp only.

#include <cstdint>
#include <vector>

#include "partitions/loaders/gap.h"

namespace gli {

/// An edge of a generated graph in one number: by source, then target, then weight; source < target.
struct packed_edge {
  uint64_t bits = 0;
  packed_edge() = default;
  packed_edge(uint32_t source, uint32_t target, uint8_t weight) : bits{uint64_t{source} << 36 | uint64_t{target} << 8 | weight} {}
  int64_t source() const { return int64_t(bits >> 36); }
  int64_t target() const { return int64_t(bits >> 8 & ((uint64_t{1} << 28) - 1)); }
  int64_t weight() const { return int64_t(bits & 255); }
  uint64_t ends() const { return bits >> 8; }
  friend auto operator<=>(const packed_edge&, const packed_edge&) = default;
};

/// Threads: any number, once made.
class gap_edges {
 public:
  static constexpr int64_t block_size = 1 << 18;

  /// Throws failure{value} when scale is not in 1 … most_gap_scale. Kronecker: O(2^scale) of time and memory.
  gap_edges(gap_kind kind, int scale, bool weighted);
  int64_t count() const { return count_; }  // with self-loops and repetitions
  int64_t blocks() const { return (count_ + block_size - 1) / block_size; }
  /// Those of a block, less self-loops.
  std::vector<packed_edge> block(int64_t number) const;

 private:
  const gap_kind kind_;
  const int scale_;
  const bool weighted_;
  const int64_t count_;
  std::vector<int32_t> permutation_;
};

}  // namespace gli
