#pragma once
// Sums over neighbors, one page of vertices at a time: of a[u] over the edges that enter v; undirected: over all edges at v. O(n + m), pages in parallel;
// `visit` runs once a page, on any thread.

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
  auto at = [&](int i) { return sum_of<T>{a[begin[i]]}; };
  for (; end - begin >= 4; begin += 4) sum += (at(0) + at(1)) + (at(2) + at(3));
  for (; begin != end; ++begin) sum += a[*begin];
  return sum;
}

/// Sums is added with +=; visit(page, sums of its nodes, offsets of their out-edges, sums) adds to it.
template <class Sums, class T, class Visit>
Sums pull(const graph_view& g, const vertex_array<T>& a, Visit&& visit) {
  auto from = g.backward(), to = g.forward();
  return parallel_sum<Sums>(pages_of(g.size()), 1, [&, base = a.base()](int64_t p, int64_t end) {
    Sums sums{};
    std::array<sum_of<T>, vertices_per_page> arriving;
    for (; p < end; ++p) {
      page_vertices at{p, g.size()};
      auto& page = from.page(p);
      for (int32_t k = 0; k < at.last - at.first; ++k) arriving[size_t(k)] = sum_at(base, page.neighbor + page.off[k], page.neighbor + page.off[k + 1]);
      visit(at, arriving.data(), to.page(p).off, sums);
    }
    return sums;
  });
}

}  // namespace gli
