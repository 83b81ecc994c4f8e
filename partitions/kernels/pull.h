#pragma once
// Sums over neighbors, one page of vertices at a time: visit(v, sum of a[u] over the edges that enter v, edges that leave v), for live own
// v; undirected: over all edges at v. O(n + m), pages in parallel; `visit` runs once per vertex, on any thread.

#include <array>
#include <type_traits>

#include "partitions/graph_view.h"
#include "partitions/parallel.h"

namespace gli {

/// What sums of T are added up in. Sums of floats must be exact in double, so that four at a time are the same as one after another.
template <class T>
using sum_of = std::conditional_t<std::is_same_v<T, float>, double, T>;

template <class T>
sum_of<T> sum_at(const T* a, const int32_t* begin, const int32_t* end) {
  sum_of<T> sum{};
  if (end - begin >= 64) {  // else four loops' ends would cost more than additions that wait for one another
    std::array<sum_of<T>, 4> four{};
    for (; end - begin >= 4; begin += 4)
      for (int i = 0; i < 4; ++i) four[size_t(i)] += a[begin[i]];
    sum = (four[0] + four[1]) + (four[2] + four[3]);
  }
  for (; begin != end; ++begin) sum += a[*begin];
  return sum;
}

/// from, to: of the page's nodes, the edges that enter and those that leave.
template <class T, class Visit>
void pull_page(const graph_view& g, int64_t p, const topology_page& from, const topology_page& to, const T* a, Visit&& visit) {
  auto [first, last] = page_vertices{p, g.size()};
  for (int32_t v = first, k = 0; v < last; ++v, ++k)
    if (g.live(v)) visit(v, sum_at(a, from.neighbor + from.off[k], from.neighbor + from.off[k + 1]), to.off[k + 1] - to.off[k]);
}

/// Sums is added with +=; visit(v, sum, degree, sums) adds to it.
template <class Sums, class T, class Visit>
Sums pull(const graph_view& g, const vertex_array<T>& a, Visit&& visit) {
  auto base = a.base();
  auto from = g.backward(), to = g.forward();
  return parallel_sum<Sums>(pages_of(g.size()), 1, [&](int64_t p, int64_t end) {
    Sums sums{};
    auto one = [&](int32_t v, sum_of<T> sum, uint32_t degree) { visit(v, sum, degree, sums); };
    for (; p < end; ++p) pull_page(g, p, from.page(p), to.page(p), base, one);
    return sums;
  });
}

}  // namespace gli
