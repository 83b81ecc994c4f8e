#pragma once
// Sets of own vertices and mirrors that edges of either direction connect, by union-find with sampling: a node begins as the child of an own neighbor that is
// smaller, where there is one, which asks for no look at others. Where that leaves many trees, one more neighbor of each is linked. Then most are in one set: they are settled,
// and look at no other neighbor. Partitions tell each other who is settled. A partition's settled nodes are one set for all others; one edge between those of two partitions stands
// for all, and where all partitions have such edges a node that is not settled looks no further than to its first settled neighbor. O(n + m) at worst, O(n) mostly.
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
  union_find sets;                    // one without mirrors is a whole component
  int32_t first = 0;                  // an own node: settled, where there is one
  vertex_bits settled;                // own nodes and mirrors; all own ones are in one set
  std::vector<peer_mirrors> borders;  // by peer: its mirrors and exported nodes, of the settled ones the first only
};

namespace detail {

/// The nodes' neighbors that a first look takes.
class near_neighbors {
 public:
  /// Looks at 1,024 evenly spaced nodes.
  near_neighbors(const graph_view& g, const edge_lists& edges) : g_{g}, edges_{edges} {
    uint64_t neighbors = 0, mirrors = 0, with_own = 0, tops = 0;
    for (int64_t v = 0; v < g.size(); v += std::max(1, g.size() >> 10)) {
      bool any = false;
      edges.for_each_list(int32_t(v), [&](std::span<const int32_t> list) {
        auto own = first_own(list, 0);
        neighbors += list.size();
        mirrors += own;
        any |= own < list.size();
      });
      with_own += any;
      tops += any && lower(int32_t(v)) == v;
    }
    mirror_share_ = neighbors ? double(mirrors) / double(neighbors) : 0;
    hilly_ = tops * 64 > with_own;
  }

  /// Whether more than a 64th of the nodes that have own neighbors have no smaller one.
  bool hilly() const { return hilly_; }

  /// An own neighbor of v that is smaller, mostly among the smallest; v: there is none.
  int32_t lower(int32_t v) const {
    auto found = v;
    edges_.for_each_list(v, [&](std::span<const int32_t> list) {
      auto at = first_own(list, expected(list));
      if (at < list.size() && list[at] >= v) at = first_own(list, 0);
      if (at < list.size()) found = std::min(found, list[at]);
    });
    return found;
  }

  /// Another own neighbor of v, or any if there is no other; v: there is none.
  int32_t second(int32_t v) const {
    auto found = v;
    edges_.for_each_list(v, [&](std::span<const int32_t> list) {
      auto at = first_own(list, expected(list));
      if (at < list.size()) found = list[std::min(at + 1, list.size() - 1)];
    });
    return found;
  }

  /// Fetches what is read of a node soon after v.
  void prefetch_after(int32_t v) const {
    constexpr int32_t ahead = 16;
    if (v >= g_.size() - ahead) return;
    edges_.for_each_list(v + ahead, [&](std::span<const int32_t> list) { __builtin_prefetch(list.data() + expected(list)); });
  }

 private:
  /// Of a list's own nodes, which follow its mirrors, the first, of those at `from` and later.
  static size_t first_own(std::span<const int32_t> list, size_t from) {
    while (from < list.size() && list[from] < 0) ++from;
    return from;
  }
  size_t expected(std::span<const int32_t> list) const { return size_t(mirror_share_ * double(list.size())); }

  const graph_view& g_;
  const edge_lists& edges_;
  double mirror_share_ = 0;
  bool hilly_ = false;
};

/// By an own neighbor of each, and one more where that leaves many trees.
inline union_find sampled_sets(const graph_view& g, const edge_lists& edges) {
  near_neighbors near{g, edges};
  huge_array<int32_t> second{near.hilly() ? size_t(g.size()) : 0};
  union_find sets{g, [&](int32_t v) {
    near.prefetch_after(v);
    if (near.hilly()) second[size_t(v)] = near.second(v);
    return near.lower(v);
  }};
  sets.compress();
  if (!near.hilly()) return sets;
  parallel_ranges(g.size(), vertices_per_page, [&](int64_t v, int64_t end) {
    constexpr int64_t ahead = 32;
    for (; v < end; ++v) {
      if (v + ahead < end) sets.prefetch(second[size_t(v + ahead)]);
      sets.link(int32_t(v), second[size_t(v)]);
    }
  });
  sets.compress();
  return sets;
}

/// The root that most of 1,024 evenly spaced nodes have.
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

/// What connect() does when sets were sampled.
class settling {
 public:
  settling(const graph_view& g, const edge_lists& edges, connected_sets& to, communicator& all) : g_{g}, edges_{edges}, to_{to}, all_{all} {}

  void run() {
    to_.settled.assign_own(g_, [&](int32_t v) { return to_.sets.root(v) == to_.first; });
    broadcast_bits(to_.settled, g_, all_, [](int32_t) {});
    join_mirrors();
    bool together = join_partitions();
    if (g_.mirrors() > 0 && to_.sets.root(to_.first) >= 0) join_a_mirror();
    for_each_own_other([&](int32_t v) { join(v, together); });
    compress_own();
    if (all_.size() > 1) settle_late();
    for (auto& peer : g_.peers()) to_.borders.push_back(border_of(peer));
  }

 private:
  template <class F>
  void for_each_own_other(F&& f) {
    parallel_ranges(pages_of(g_.size()), 1, [&](int64_t p, int64_t end) {
      for (; p < end; ++p) {
        page_vertices page{p, g_.size()};
        to_.settled.for_each_other(page.first, page.last, f);
      }
    });
  }

  /// All but the settled, which have one parent.
  void compress_own() {
    for_each_own_other([&](int32_t v) { to_.sets.compress(v); });
    if (g_.size() > 0) to_.sets.compress(to_.first);
  }

  /// A peer's settled mirrors, of which no edge was looked at, become children of their smallest.
  void join_mirrors() {
    for (auto& peer : g_.peers()) {
      int32_t lowest = 0;
      if (!peer.is_run()) for_each_mirror(peer, to_.settled, [&](int32_t m) { lowest = std::min(lowest, m); });
      for_each_mirror(peer, to_.settled, [&](int32_t m) {
        if (lowest == 0) lowest = m;
        to_.sets.attach(m, lowest);
      });
      lowest_.push_back(lowest);
    }
  }

  /// Links the settled nodes with those of each peer that an edge leads to. Whether all partitions' are one set by that.
  bool join_partitions() {
    std::vector<int32_t> apart = lowest_;
    std::erase(apart, 0);
    std::sort(apart.begin(), apart.end());
    std::vector<std::atomic<uint8_t>> met(apart.size());
    std::atomic<size_t> left = apart.size();
    parallel_ranges(apart.empty() ? 0 : pages_of(g_.size()), 1, [&](int64_t p, int64_t end) {
      for (; p < end && left.load(std::memory_order_relaxed); ++p) {
        page_vertices page{p, g_.size()};
        to_.settled.for_each(page.first, page.last, [&](int32_t v) {
          if (auto now = left.load(std::memory_order_relaxed)) left -= meet(v, now, apart, met);
        });
      }
    });
    for (size_t i = 0; i < apart.size(); ++i)
      if (met[i]) to_.sets.link(apart[i], to_.first);
    uint64_t all_met = left == 0 && apart.size() + 1 == all_.size();
    all_.all_reduce({&all_met, 1}, reduction::min);
    return all_met != 0;
  }

  /// Links the settled nodes with a mirror that an edge leads to, if there is one: a set that others share holds a mirror.
  void join_a_mirror() {
    std::atomic<bool> found = false;
    parallel_ranges(pages_of(g_.size()), 1, [&](int64_t p, int64_t end) {
      for (; p < end && !found; ++p) {
        page_vertices page{p, g_.size()};
        to_.settled.for_each(page.first, page.last, [&](int32_t v) {
          edges_.for_each_list(v, [&](std::span<const int32_t> list) {
            if (!list.empty() && list.front() < 0 && !found.exchange(true)) to_.sets.link(v, list.front());
          });
        });
      }
    });
  }

  /// How many of those apart, of whom at most `left` are not met, v is the first to have a neighbor of.
  size_t meet(int32_t v, size_t left, const std::vector<int32_t>& apart, std::vector<std::atomic<uint8_t>>& met) const {
    size_t found = 0;
    edges_.for_each_list(v, [&](std::span<const int32_t> list) {
      for (auto u = list.begin(); u != list.end() && *u < 0 && found < left; ++u) {
        if (!to_.settled[*u]) continue;
        auto i = size_t(std::lower_bound(apart.begin(), apart.end(), to_.sets.root(*u)) - apart.begin());
        found += !met[i].load(std::memory_order_relaxed) && !met[i].exchange(1, std::memory_order_relaxed);
      }
    });
    return found;
  }

  /// Links v with its neighbors. `together`: with the first that is settled at most, as those that it does not look at then look at it, or are settled.
  void join(int32_t v, bool together) {
    bool done = false;
    edges_.for_each_list(v, [&](std::span<const int32_t> list) {
      for (auto u = list.begin(); u != list.end() && !done; ++u) {
        to_.sets.link(v, *u);
        done = together && to_.settled[*u];
      }
    });
  }

  /// Those that edges joined to the settled are settled, too.
  void settle_late() {
    vertex_bits late{g_};
    for_each_own_other([&](int32_t v) {
      if (to_.sets.root(v) == to_.sets.root(to_.first)) late.set(v), to_.settled.set(v);
    });
    broadcast_bits(late, g_, all_, [&](int32_t m) { to_.settled.set(m); });
    for (uint32_t q = 0; q < g_.peers().size(); ++q)
      for_each_mirror(g_.peers()[q], late, [&](int32_t m) {
        if (lowest_[q] == 0) lowest_[q] = m;
        to_.sets.link(lowest_[q], m);
      });
    to_.settled.for_each_other(-g_.mirrors(), 0, [&](int32_t m) { to_.sets.compress(m); });
    late.for_each(-g_.mirrors(), 0, [&](int32_t m) { to_.sets.compress(m); });
    for (auto m : lowest_)
      if (m < 0) to_.sets.compress(m);
    compress_own();
  }

  /// Those of the peer's mirrors that are of the set, in exchange order.
  template <class F>
  static void for_each_mirror(const peer_mirrors& peer, const vertex_bits& of, F&& f) {
    if (peer.mirrors.empty()) return;
    if (peer.is_run()) return of.for_each(peer.mirrors.front(), peer.mirrors.back() + 1, f);
    for (auto m : peer.mirrors)
      if (of[m]) f(m);
  }

  peer_mirrors border_of(const peer_mirrors& peer) const {
    auto shortened = [&](const std::vector<int32_t>& ids) {
      std::vector<int32_t> kept;
      bool any = false;
      for (auto v : ids)
        if (!to_.settled[v] || !std::exchange(any, true)) kept.push_back(v);
      return kept;
    };
    return {shortened(peer.mirrors), shortened(peer.exported)};
  }

  const graph_view& g_;
  const edge_lists& edges_;
  connected_sets& to_;
  communicator& all_;
  std::vector<int32_t> lowest_;  // by peer: of its settled mirrors; 0: it has none
};

}  // namespace detail

/// Collective.
inline connected_sets connect(const graph_view& g, communicator& all) {
  auto edges = edges_at(g);
  connected_sets made{detail::sampled_sets(g, edges), 0, vertex_bits{g}, {}};
  made.first = g.size() ? detail::frequent_root(g, made.sets) : 0;
  detail::settling{g, edges, made, all}.run();
  return made;
}

}  // namespace gli
