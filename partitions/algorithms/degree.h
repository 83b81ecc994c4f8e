#pragma once
// Degrees. Parallel edges count each; at a node of an undirected graph a self-loop counts twice, as NetworkX has it. O(n), O(n log n)
// undirected.

#include <algorithm>

#include "partitions/graph_view.h"

namespace gli {

struct degree {
  static constexpr const char* name = "degree";
  enum class mode : uint8_t { total, in, out };

  /// Of an own node. On undirected graphs all modes are the total.
  static int64_t of(const graph_view& g, int32_t v, mode which) {
    if (!g.directed()) return int64_t(g.out(v).size() + g.in(v).size() + self_loops(g, v));
    return int64_t((which == mode::in ? 0 : g.out(v).size()) + (which == mode::out ? 0 : g.in(v).size()));
  }

 private:
  static size_t self_loops(const graph_view& g, int32_t v) {
    auto out = g.out(v);
    auto [first, last] = std::equal_range(out.begin(), out.end(), v);
    return size_t(last - first);
  }
};

}  // namespace gli
