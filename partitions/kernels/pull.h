#pragma once
// Sums over neighbors, one page of vertices at a time: visit(v, sum of a[u] over the edges that enter v, edges that leave v), for live own
// v. Undirected graphs keep each edge once, so both directions count. O(n + m), pages in parallel; `visit` runs once per vertex, on any
// thread.

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
  std::array<sum_of<T>, 4> sum{};
  if (end - begin >= 64)  // else four loops' ends would cost more than additions that wait for one another
    for (; end - begin >= 4; begin += 4)
      for (int i = 0; i < 4; ++i) sum[size_t(i)] += a[begin[i]];
  for (; begin != end; ++begin) sum[0] += a[*begin];
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

template <bool Directed, class T, class Visit>
void pull_page(const graph_view& g, int64_t p, const T* a, Visit&& visit) {
  const auto& out = *g.body().out.directory[size_t(p)];
  const auto& in = *g.body().in.directory[size_t(p)];
  auto [first, last] = page_vertices{p, g.size()};
  for (int32_t v = first, k = 0; v < last; ++v, ++k) {
    if (!g.all_live() && !g.live(v)) continue;
    auto sum = sum_at(a, in.neighbor + in.off[k], in.neighbor + in.off[k + 1]);
    uint64_t degree = out.off[k + 1] - out.off[k];
    if constexpr (!Directed) {
      sum += sum_at(a, out.neighbor + out.off[k], out.neighbor + out.off[k + 1]);
      degree += in.off[k + 1] - in.off[k];
    }
    visit(v, sum, degree);
  }
}

/// Sums is added with +=; visit(v, sum, degree, sums) adds to it.
template <class Sums, class T, class Visit>
Sums pull(const graph_view& g, const vertex_array<T>& a, Visit&& visit) {
  auto base = a.base();
  return parallel_sum<Sums>(pages_of(g.size()), 1, [&](int64_t p, int64_t end) {
    Sums sums{};
    auto one = [&](int32_t v, sum_of<T> sum, uint64_t degree) { visit(v, sum, degree, sums); };
    for (; p < end; ++p)
      if (g.directed())
        pull_page<true>(g, p, base, one);
      else
        pull_page<false>(g, p, base, one);
    return sums;
  });
}

}  // namespace gli
