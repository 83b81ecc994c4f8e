#pragma once
// One level of a breadth-first search, bottom-up: whoever is not reached looks for a neighbor that the last level reached, and stops at the first. Where the
// frontier is large that reads few of the edges. Pages in parallel; the answer does not depend on the threads. [Beamer, Asanović, Patterson 2012]

#include <bit>

#include "partitions/kernels/vertex_bits.h"

namespace gli {

/// Which neighbors may have reached a node.
enum class reached_from : uint8_t { in, out, both };

namespace detail {

inline bool any_of(const vertex_bits& front, std::span<const int32_t> list) {
  for (auto u : list)
    if (front[u]) return true;
  return false;
}

template <reached_from From>
uint64_t pull_level_page(const graph_view& g, int64_t p, const vertex_bits& front, vertex_bits& pending, vertex_bits& next, vertex_array<int32_t>& depth, int32_t level) {
  const auto& out = *g.body().out.directory[size_t(p)];
  const auto& in = *g.body().in.directory[size_t(p)];
  auto waiting = pending.page(p), found = next.page(p);
  uint64_t count = 0;
  for (int64_t w = 0; w < vertex_bits::words_per_page; ++w) {
    uint64_t reached = 0, alone = 0;
    for (auto left = waiting[w]; left; left &= left - 1) {
      auto k = int32_t(w * 64 + std::countr_zero(left));
      auto bit = left & -left;
      auto before = From == reached_from::out ? std::span<const int32_t>{} : in.of(k), after = From == reached_from::in ? std::span<const int32_t>{} : out.of(k);
      if (any_of(front, before) || any_of(front, after)) reached |= bit;
      else if (before.empty() && after.empty()) alone |= bit;
    }
    waiting[w] &= ~(reached | alone);
    found[w] = reached;
    count += uint64_t(std::popcount(reached));
    for (auto left = reached; left; left &= left - 1) depth[int32_t(p * vertices_per_page + w * 64 + std::countr_zero(left))] = level;
  }
  return count;
}

}  // namespace detail

/// front: the last level, mirrors too. pending: own nodes that are not reached; loses those that are now, and those that cannot be. Makes `next` the own nodes
/// of this level, sets their depth, and returns how many they are.
inline uint64_t pull_level(const graph_view& g, reached_from from, const vertex_bits& front, vertex_bits& pending, vertex_bits& next, vertex_array<int32_t>& depth,
                           int32_t level) {
  return parallel_sum<uint64_t>(pages_of(g.size()), 4, [&](int64_t p, int64_t end) {
    uint64_t count = 0;
    for (; p < end; ++p)
      switch (from) {
        case reached_from::in: count += detail::pull_level_page<reached_from::in>(g, p, front, pending, next, depth, level); break;
        case reached_from::out: count += detail::pull_level_page<reached_from::out>(g, p, front, pending, next, depth, level); break;
        case reached_from::both: count += detail::pull_level_page<reached_from::both>(g, p, front, pending, next, depth, level); break;
      }
    return count;
  });
}

}  // namespace gli
