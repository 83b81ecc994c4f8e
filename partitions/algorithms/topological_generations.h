#pragma once
// How many edges the longest path to a node has: those that nothing leads to are 0, and all others one more than the last of their predecessors. Nodes on
// a cycle, and those behind one, have no generation. O(n + m), a round for each generation. [Kahn 1962]

#include <array>
#include <atomic>

#include "partitions/headway.h"
#include "partitions/kernels/push.h"
#include "partitions/mirror_exchange.h"

namespace gli {

struct topological_generations {
  static constexpr const char* name = "topological_generations";
  using totals = std::array<uint64_t, 1>;  // nodes of the last generation

  std::vector<int32_t> generation;  // own; -1: none
  uint64_t sorted = 0;              // in the whole graph

  totals begin(const graph_view& g) {
    generation.assign(size_t(g.size()), -1);
    waits_ = vertex_array<uint64_t>{g, 0};
    front_.reset(g.size());
    next_.reset(g.size());
    for (int32_t v = 0; v < g.size(); ++v)
      if (waits_[v] = g.in(v).size(); g.live(v) && waits_[v] == 0) front_.push(v);
    return {front_.items().size()};
  }
  bool done(const totals& last, uint64_t) {
    sorted += last[0];
    return last[0] == 0;
  }

  totals round(const graph_view& g, const totals&, communicator& all) {
    release(g);
    gather_changed(
        waits_, g, all, [&](int32_t m) { return waits_[m] != 0; },
        [&](int32_t own, uint64_t edges) {
          if ((waits_[own] -= edges) == 0) next_.push(own);
        });
    for (int32_t m = -g.mirrors(); m < 0; ++m) waits_[m] = 0;
    front_.swap(next_);
    next_.clear();
    ++round_;
    return {front_.items().size()};
  }
  headway so_far(const graph_view& g, const totals& last, uint64_t) const { return {sorted, g.total_nodes(), "generation of " + std::to_string(last[0]) + " nodes"}; }

 private:
  void release(const graph_view& g) {
    auto front = front_.items();
    parallel_ranges(int64_t(front.size()), 64, [&](int64_t i, int64_t end) {
      vertex_queue::writer free{next_};
      for (; i < end; ++i) {
        auto v = front[size_t(i)];
        generation[size_t(v)] = round_;
        for (auto u : g.out(v)) {
          std::atomic_ref edges{waits_[u]};
          if (u < 0) edges.fetch_add(1, std::memory_order_relaxed);
          else if (edges.fetch_sub(1, std::memory_order_relaxed) == 1) free.push(u);
        }
      }
    });
  }

  vertex_array<uint64_t> waits_;  // own: edges from nodes without a generation; mirrors: edges to tell the owner of
  vertex_queue front_, next_;
  int32_t round_ = 0;
};

}  // namespace gli
