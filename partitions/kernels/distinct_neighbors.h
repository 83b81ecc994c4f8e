#pragma once
// The undirected simple graph below a graph.

#include "partitions/graph_view.h"

namespace gli {

/// Calls f(neighbor, edges) once for each neighbor of v but v itself, ascending; edges: 2 where edges of a directed graph lead both ways, else 1.
template <class F>
void for_each_distinct_neighbor(const graph_view& g, int32_t v, F&& f) {
  auto a = g.out(v), b = g.in(v);
  auto skip = [&](std::span<const int32_t>& list, int32_t u) {
    while (!list.empty() && list.front() == u) list = list.subspan(1);
  };
  while (!a.empty() || !b.empty()) {
    auto u = a.empty() || (!b.empty() && b.front() < a.front()) ? b.front() : a.front();
    bool both = g.directed() && !a.empty() && !b.empty() && a.front() == b.front();
    skip(a, u);
    skip(b, u);
    if (u != v) f(u, both ? 2 : 1);
  }
}

/// The same of an undirected graph whose edges at v are one list.
template <class F>
void for_each_distinct_neighbor(const adjacency& lists, int32_t v, F&& f) {
  auto last = v;
  for (auto u : lists.of(v))
    if (u != v && u != last) f(last = u, 1);
}

}  // namespace gli
