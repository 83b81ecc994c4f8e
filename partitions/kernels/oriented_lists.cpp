#include "partitions/kernels/oriented_lists.h"

#include <algorithm>

#include <tbb/parallel_sort.h>

#include "partitions/kernels/distinct_neighbors.h"
#include "partitions/mirror_exchange.h"
#include "partitions/parallel.h"

namespace gli {
namespace {

template <class F>
void for_each_own(const graph_view& g, F&& f) {
  parallel_ranges(pages_of(g.size()), 1, [&](int64_t p, int64_t end) {
    for (; p < end; ++p)
      for (auto [v, last] = page_vertices{p, g.size()}; v < last; ++v)
        if (g.live(v)) f(v);
  });
}

}  // namespace

oriented_lists::oriented_lists(const graph_view& g, communicator& all) : degree_{g, 0}, global_{g, 0}, rank_{g, 0} {
  for_each_own(g, [&](int32_t v) { for_each_distinct_neighbor(g, v, [&](int32_t, int) { ++degree_[v]; }); });
  for (int32_t v = 0; v < g.size(); ++v) global_[v] = uint64_t{g.partition()} << 32 | uint64_t(v);
  broadcast(degree_, g, all);
  broadcast(global_, g, all);
  for (int32_t v = -g.mirrors(); v < g.size(); ++v) id_.push_back(v);
  rank_all();
  fill(g);
}

void oriented_lists::rank_all() {
  tbb::parallel_sort(id_.begin(), id_.end(),
                     [&](int32_t a, int32_t b) { return degree_[a] != degree_[b] ? degree_[a] > degree_[b] : global_[a] < global_[b]; });
  for (uint32_t r = 0; r < id_.size(); ++r) rank_[id_[r]] = r;
}

void oriented_lists::fill(const graph_view& g) {
  begin_.assign(id_.size() + 1, 0);
  for_each_own(g, [&](int32_t v) {
    for_each_distinct_neighbor(g, v, [&](int32_t u, int) { begin_[rank_[v] + 1] += rank_[u] < rank_[v]; });
  });
  for (size_t r = 0; r < id_.size(); ++r) begin_[r + 1] += begin_[r];
  neighbors_.resize(begin_.back());
  edges_.resize(begin_.back());
  parallel_ranges(int64_t(id_.size()), 256, [&](int64_t r, int64_t end) {
    std::vector<uint64_t> list;  // rank << 2 | edges
    for (; r < end; ++r) {
      if (id_[size_t(r)] < 0) continue;
      list.clear();
      for_each_distinct_neighbor(g, id_[size_t(r)], [&](int32_t u, int edges) {
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
