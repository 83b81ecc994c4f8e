#pragma once
// One level of a breadth-first search, bottom-up: whoever is not reached looks for a neighbor that the last level reached, and stops at the first. Where the
// frontier is large that reads few of the edges. Pages in parallel; the answer does not depend on the threads. [Beamer, Asanović, Patterson 2012]

#include <bit>

#include "partitions/kernels/edge_lists.h"
#include "partitions/kernels/vertex_bits.h"

namespace gli {

namespace detail {

inline bool any_of(const vertex_bits& front, std::span<const int32_t> list) {
  for (auto u : list)
    if (front[u]) return true;
  return false;
}

template <bool Two>
uint64_t pull_level_page(const edge_lists& edges, int64_t p, const vertex_bits& front, vertex_bits& pending, vertex_bits& next, vertex_array<int32_t>& depth, int32_t level) {
  const auto& first = edges.first().page(p);
  const auto& second = (Two ? edges.second() : edges.first()).page(p);
  auto waiting = pending.page(p), found = next.page(p);
  uint64_t count = 0;
  for (int64_t w = 0; w < vertex_bits::words_per_page; ++w) {
    uint64_t reached = 0, alone = 0;
    for (auto left = waiting[w]; left; left &= left - 1) {
      auto k = int32_t(w * 64 + std::countr_zero(left));
      auto bit = left & -left;
      if (any_of(front, first.of(k)) || (Two && any_of(front, second.of(k)))) reached |= bit;
      else if (first.of(k).empty() && second.of(k).empty()) alone |= bit;
    }
    waiting[w] &= ~(reached | alone);
    found[w] = reached;
    count += uint64_t(std::popcount(reached));
    for (auto left = reached; left; left &= left - 1) depth[int32_t(p * vertices_per_page + w * 64 + std::countr_zero(left))] = level;
  }
  return count;
}

}  // namespace detail

/// front: the last level, mirrors too. pending: own nodes that are not reached; loses those that are now, and those that cannot be. edges: of a node those that
/// it may be reached by. Makes `next` the own nodes of this level, sets their depth, and returns how many they are.
inline uint64_t pull_level(const graph_view& g, const edge_lists& edges, const vertex_bits& front, vertex_bits& pending, vertex_bits& next, vertex_array<int32_t>& depth,
                           int32_t level) {
  return parallel_sum<uint64_t>(pages_of(g.size()), 4, [&](int64_t p, int64_t end) {
    uint64_t count = 0;
    for (; p < end; ++p)
      count += edges.two() ? detail::pull_level_page<true>(edges, p, front, pending, next, depth, level)
                           : detail::pull_level_page<false>(edges, p, front, pending, next, depth, level);
    return count;
  });
}

}  // namespace gli
