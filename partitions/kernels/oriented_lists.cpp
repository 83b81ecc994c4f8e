#include "partitions/kernels/oriented_lists.h"

#include <algorithm>

#include <tbb/parallel_sort.h>

#include "partitions/kernels/distinct_neighbors.h"
#include "partitions/mirror_exchange.h"
#include "partitions/parallel.h"

namespace gli {
namespace {

/// Calls f(each), where each(v, f) calls f(neighbor, edges) as for_each_distinct_neighbor does.
template <class F>
void with_distinct_neighbors(const graph_view& g, F&& f) {
  if (g.directed()) return f([&](int32_t v, auto&& neighbor) { for_each_distinct_neighbor(g, v, neighbor); });
  f([lists = g.forward()](int32_t v, auto&& neighbor) { for_each_distinct_neighbor(lists, v, neighbor); });
}

template <class F>
void for_each_live(const graph_view& g, F&& f) {
  parallel_ranges(pages_of(g.size()), 1, [&](int64_t p, int64_t end) {
    for (; p < end; ++p)
      for (auto [v, last] = page_vertices{p, g.size()}; v < last; ++v)
        if (g.live(v)) f(v);
  });
}

}  // namespace

oriented_lists::oriented_lists(const graph_view& g, communicator& all) : degree_{g, 0}, global_{g, 0}, rank_{g, 0} {
  with_distinct_neighbors(g, [&](auto&& each) { for_each_live(g, [&](int32_t v) { each(v, [&](int32_t, int) { ++degree_[v]; }); }); });
  parallel_ranges(g.size(), vertices_per_page, [&](int64_t v, int64_t end) {
    for (; v < end; ++v) global_[int32_t(v)] = uint64_t{g.partition()} << 32 | uint64_t(v);
  });
  broadcast(degree_, g, all);
  broadcast(global_, g, all);
  rank_all(g);
  with_distinct_neighbors(g, [&](auto&& each) { fill(g, each); });
}

/// In the order of (degree, highest first; global id): counted out by degree from the order of global ids.
void oriented_lists::rank_all(const graph_view& g) {
  std::vector<int32_t> mirrors(size_t(g.mirrors()));
  for (int32_t m = -g.mirrors(); m < 0; ++m) mirrors[size_t(m + g.mirrors())] = m;
  tbb::parallel_sort(mirrors.begin(), mirrors.end(), [&](int32_t a, int32_t b) { return global_[a] < global_[b]; });
  auto after = std::partition_point(mirrors.begin(), mirrors.end(), [&](int32_t m) { return global_[m] >> 32 < g.partition(); });
  auto in_order = [&](auto&& f) {
    std::for_each(mirrors.begin(), after, f);
    for (int32_t v = 0; v < g.size(); ++v) f(v);
    std::for_each(after, mirrors.end(), f);
  };
  uint64_t highest = 0;
  in_order([&](int32_t v) { highest = std::max(highest, degree_[v]); });
  std::vector<uint32_t> next(highest + 1);
  in_order([&](int32_t v) { ++next[degree_[v]]; });
  uint32_t begin = 0;
  for (auto n = next.rbegin(); n != next.rend(); ++n) begin += std::exchange(*n, begin);
  id_.resize(size_t(g.size()) + mirrors.size());
  in_order([&](int32_t v) {
    rank_[v] = next[degree_[v]]++;
    id_[rank_[v]] = v;
  });
}

template <class Each>
void oriented_lists::fill(const graph_view& g, Each&& each) {
  begin_.assign(id_.size() + 1, 0);
  for_each_live(g, [&](int32_t v) {
    auto rank = rank_[v];
    uint64_t higher = 0;
    each(v, [&](int32_t u, int) { higher += rank_[u] < rank; });
    begin_[rank + 1] = higher;
  });
  for (size_t r = 0; r < id_.size(); ++r) begin_[r + 1] += begin_[r];
  neighbors_.resize(begin_.back());
  edges_.resize(begin_.back());
  parallel_ranges(int64_t(id_.size()), 256, [&](int64_t r, int64_t end) {
    std::vector<uint64_t> list;  // rank << 2 | edges
    for (; r < end; ++r) {
      if (id_[size_t(r)] < 0) continue;
      list.clear();
      each(id_[size_t(r)], [&](int32_t u, int edges) {
        if (rank_[u] < r) list.push_back(uint64_t{rank_[u]} << 2 | uint64_t(edges));
      });
      std::sort(list.begin(), list.end());
      for (size_t i = 0; i < list.size(); ++i) {
        neighbors_[begin_[size_t(r)] + i] = uint32_t(list[i] >> 2);
        edges_[begin_[size_t(r)] + i] = uint8_t(list[i] & 3);
      }
    }
  });
}

}  // namespace gli
