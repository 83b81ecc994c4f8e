#pragma once
// Sets of own vertices and mirrors that edges of either direction connect, by union-find with sampling: a vertex begins as the child of its smallest neighbor,
// where that is smaller, which asks for no look at others; after one neighbor more of each most are in one set. Those are settled: the others look at all their
// neighbors, they at none. Partitions tell each other who is settled. A partition's settled vertices are one set for all others, and one edge between
// those of two partitions stands for all. O(n + m) at worst, O(n + what is outside the largest sets) mostly.
// [Sutton, Ben-Nun, Barak: Optimizing Parallel Graph Connectivity Computation via Subgraph Sampling, 2018]

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "partitions/kernels/edge_lists.h"
#include "partitions/kernels/union_find.h"
#include "partitions/kernels/vertex_bits.h"

namespace gli {

struct connected_sets {
  union_find sets;                    // compressed
  vertex_bits settled;                // own nodes and mirrors
  std::vector<peer_mirrors> borders;  // by peer: its mirrors and exported nodes, of the settled ones the first only
};

namespace detail {

/// By two neighbors of each.
inline union_find sampled_sets(const graph_view& g, const edge_lists& edges) {
  vertex_array<int32_t> second{g, 0};
  union_find sets{g, [&](int32_t v) {
    auto first = v;
    second[v] = v;
    edges.for_each_list(v, [&](std::span<const int32_t> list) {
      if (list.empty()) return;
      first = std::min(first, list.front());
      second[v] = list[std::min<size_t>(1, list.size() - 1)];
    });
    return first;
  }};
  sets.compress();
  parallel_ranges(g.size(), vertices_per_page, [&](int64_t v, int64_t end) {
    constexpr int64_t ahead = 32;
    for (; v < end; ++v) {
      if (v + ahead < end) sets.prefetch(second[int32_t(v + ahead)]);
      sets.link(int32_t(v), second[int32_t(v)]);
    }
  });
  sets.compress();
  return sets;
}

/// The root that most of 1,024 evenly spaced vertices have.
inline int32_t frequent_root(const graph_view& g, const union_find& sets) {
  std::vector<int32_t> seen;
  for (int64_t v = 0; v < g.size(); v += std::max(1, g.size() >> 10)) seen.push_back(sets.root(int32_t(v)));
  std::sort(seen.begin(), seen.end());
  int32_t best = 0;
  ptrdiff_t most = 0;
  for (auto i = seen.begin(); i != seen.end();) {
    auto end = std::upper_bound(i, seen.end(), *i);
    if (end - i > most) most = end - i, best = *i;
    i = end;
  }
  return best;
}

inline peer_mirrors border_of(const peer_mirrors& peer, const vertex_bits& settled) {
  auto shortened = [&](const std::vector<int32_t>& ids) {
    std::vector<int32_t> kept;
    bool any = false;
    for (auto v : ids)
      if (!settled[v] || !std::exchange(any, true)) kept.push_back(v);
    return kept;
  };
  return {shortened(peer.mirrors), shortened(peer.exported)};
}

/// Links the settled vertices with those of each peer that an edge leads to, where nothing did so yet.
inline void link_settled(const graph_view& g, const edge_lists& edges, int32_t largest, connected_sets& to) {
  auto& sets = to.sets;
  std::vector<int32_t> apart;  // roots of peers' settled vertices
  for (auto& peer : to.borders)
    for (auto m : peer.mirrors)
      if (to.settled[m] && sets.root(m) != sets.root(largest)) apart.push_back(sets.root(m));
  std::sort(apart.begin(), apart.end());
  apart.erase(std::unique(apart.begin(), apart.end()), apart.end());
  if (apart.empty()) return;
  std::vector<uint8_t> met(apart.size(), 0);
  std::atomic<size_t> left = apart.size();
  for_each_own(g, [&](int32_t v) {
    if (!to.settled[v] || left.load(std::memory_order_relaxed) == 0) return;
    edges.for_each_list(v, [&](std::span<const int32_t> list) {
      for (auto u = list.begin(); u != list.end() && *u < 0; ++u) {
        auto at = to.settled[*u] ? std::lower_bound(apart.begin(), apart.end(), sets.root(*u)) : apart.end();
        if (at == apart.end() || *at != sets.root(*u)) continue;
        if (!std::atomic_ref{met[size_t(at - apart.begin())]}.exchange(1, std::memory_order_relaxed)) left.fetch_sub(1, std::memory_order_relaxed);
      }
    });
  });
  for (size_t i = 0; i < apart.size(); ++i)
    if (met[i]) sets.link(apart[i], largest);
  sets.compress();
}

}  // namespace detail

/// Collective.
inline connected_sets connect(const graph_view& g, communicator& all) {
  auto edges = edges_at(g);
  connected_sets made{detail::sampled_sets(g, edges), vertex_bits{g}, {}};
  auto& [sets, settled, borders] = made;
  auto largest = detail::frequent_root(g, sets);
  for_each_own(g, [&](int32_t v) {
    if (sets.root(v) == largest) settled.set(v);
  });
  broadcast_bits(settled, g, all, [](int32_t) {});
  for_each_own(g, [&](int32_t v) {
    if (!settled[v]) edges.for_each(v, [&](int32_t u) { sets.link(v, u); });
  });
  for (auto& peer : g.peers()) {
    auto first = std::find_if(peer.mirrors.begin(), peer.mirrors.end(), [&](int32_t m) { return settled[m]; });
    for (auto m = first; m != peer.mirrors.end(); ++m)
      if (settled[*m]) sets.link(*first, *m);
  }
  sets.compress();
  for (auto& peer : g.peers()) borders.push_back(detail::border_of(peer, settled));
  detail::link_settled(g, edges, largest, made);
  return made;
}

}  // namespace gli
