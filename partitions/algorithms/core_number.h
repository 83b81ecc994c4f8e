#pragma once
// Core numbers: the largest k such that the node is in a subgraph whose nodes all have k edges or more inside of it. Nodes of k edges or fewer are taken away,
// for k from 0 on, until none is left; a mirror goes when k is what its owner found, and stays for ever until that is known. Each round begins anew with
// what owners found, which only falls, until nothing falls. Edges count in both directions, parallel ones each; self-loops do not. O(m · rounds), of which a
// whole graph has one. [Batagelj, Zaversnik 2003; Montresor, De Pellegrini, Miorandi 2013]

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "partitions/headway.h"
#include "partitions/kernels/mirror_neighbors.h"
#include "partitions/mirror_exchange.h"

namespace gli {

struct core_number {
  static constexpr const char* name = "core_number";
  using totals = std::array<uint64_t, 1>;  // mirrors whose estimates the last round lowered

  vertex_array<int32_t> estimate;  // own and mirrors
  std::vector<int32_t> taken;      // those whose edges are to be taken away
  std::optional<mirror_neighbors> beside;
  uint64_t news = 1;               // here, of the last round

  totals begin(const graph_view& g) {
    estimate = vertex_array<int32_t>{g, INT32_MAX};
    beside.emplace(g);
    return {news};
  }
  bool done(const totals& lowered, uint64_t) const { return lowered[0] == 0; }

  totals round(const graph_view& g, const totals&, communicator& all) {
    std::vector<uint8_t> fell(size_t(g.size()));
    if (news) {
      auto left = peel(g);
      parallel_ranges(g.size(), vertices_per_page, [&](int64_t v, int64_t end) {
        for (; v < end; ++v) {
          fell[size_t(v)] = left[int32_t(v)] < estimate[int32_t(v)];
          estimate[int32_t(v)] = left[int32_t(v)];
        }
      });
    }
    news = 0;
    broadcast_changed(
        estimate, g, all, [&](int32_t v) { return fell[size_t(v)]; }, [&](int32_t, int32_t) { ++news; });
    return {news};
  }

  headway so_far(const graph_view&, const totals& lowered, uint64_t rounds) const { return {rounds, 0, rounds ? std::to_string(lowered[0]) + " estimates fell at borders" : ""}; }

 private:
  /// Of own nodes: how many edges each has to nodes that are there, and in the end its core number as far as estimates of mirrors are true.
  vertex_array<int32_t> peel(const graph_view& g) {
    vertex_array<int32_t> left{g, 0};
    for_each_own(g, [&](int32_t v) {
      g.for_each_neighbor(v, [&](int32_t u) { left[v] += u != v; });
    });
    std::vector<int32_t> there, mirrors;
    for (int32_t v = 0; v < g.size(); ++v)
      if (g.live(v)) there.push_back(v);
    for (int32_t m = -g.mirrors(); m < 0; ++m)
      if (estimate[m] < INT32_MAX) mirrors.push_back(m);
    std::sort(mirrors.begin(), mirrors.end(), [&](int32_t a, int32_t b) { return estimate[a] > estimate[b]; });
    for (int32_t k = 0; !there.empty(); ++k) {
      for (; !mirrors.empty() && estimate[mirrors.back()] <= k; mirrors.pop_back()) taken.push_back(mirrors.back());
      std::erase_if(there, [&](int32_t v) {
        if (left[v] == k) taken.push_back(v);
        return left[v] <= k;  // less: taken with others, for a smaller k
      });
      take_away(g, k, left);
    }
    return left;
  }

  /// Those taken, and whoever is left with k edges by that.
  void take_away(const graph_view& g, int32_t k, vertex_array<int32_t>& left) {
    for (uint32_t steps = 0; !taken.empty(); ++steps) {
      if (steps % 4096 == 0) interruption::point();
      auto v = taken.back();
      taken.pop_back();
      auto less = [&](int32_t u) {
        if (u >= 0 && u != v && left[u] > k && --left[u] == k) taken.push_back(u);
      };
      if (v >= 0) g.for_each_neighbor(v, less);
      else for (auto u : beside->of(v)) less(u);
    }
  }
};

}  // namespace gli
