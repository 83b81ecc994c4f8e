#pragma once
// Sums over neighbors, one page of vertices at a time: visit(v, sum of a[u] over the edges that enter v, edges that leave v), for live own
// v. Undirected graphs keep each edge once, so both directions count. O(n + m), pages in parallel; `visit` runs once per vertex, on any
// thread.

#include "partitions/graph_view.h"
#include "partitions/parallel.h"

namespace gli {

template <class T>
T sum_at(const T* a, const int32_t* begin, const int32_t* end) {
  T sum = 0;
  for (; begin != end; ++begin) sum += a[*begin];
  return sum;
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
    auto one = [&](int32_t v, T sum, uint64_t degree) { visit(v, sum, degree, sums); };
    for (; p < end; ++p)
      if (g.directed())
        pull_page<true>(g, p, base, one);
      else
        pull_page<false>(g, p, base, one);
    return sums;
  });
}

}  // namespace gli
