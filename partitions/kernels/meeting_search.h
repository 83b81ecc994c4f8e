#pragma once
// Breadth-first searches from both ends of a path, level by level from the side whose next one has fewer edges, until an edge joins them; then the way back
// from the target. Whole graphs, one thread. [Pohl 1971]

#include <algorithm>
#include <span>
#include <vector>

#include "partitions/graph_view.h"
#include "partitions/huge_array.h"
#include "partitions/interruption.h"
#include "runtime/error.h"

namespace gli {

class meeting_search {
 public:
  /// source is not target.
  meeting_search(const graph_view& g, int32_t source, int32_t target) : g_{g}, place_(size_t(g.size())), source_{g, source}, target_{g, target} {
    place_[size_t(source)] = 1;
    place_[size_t(target)] = -1;
    while (!met_ && !source_.level.empty() && !target_.level.empty()) {
      interruption::point();
      if (source_.edges_ahead <= target_.edges_ahead) met_ = advance(source_, 1);
      else met_ = advance(target_, -1);
    }
  }

  bool met() const { return met_; }
  /// Of the shortest paths, once they met.
  int32_t steps() const { return source_.depth + target_.depth + 1; }

  /// A shortest path, once they met: from the target on always the node that goes first(a, b) among those from which one comes by.
  template <class First>
  std::vector<int32_t> way(First&& first) {
    std::vector<int32_t> path{target_.end};
    for (auto d = 0; d < target_.depth; ++d) path.push_back(before_in_target(path.back(), first));
    for (auto d = source_.depth; d >= 0; --d) {
      int32_t best = -1;
      g_.for_each_backward(path.back(), [&](int32_t u) {
        if (place(u) == d + 1 && (best < 0 || first(u, best))) best = u;
      });
      path.push_back(best);
    }
    std::reverse(path.begin(), path.end());
    return path;
  }

 private:
  struct side {
    side(const graph_view& g, int32_t from) : end{from}, level{from}, edges_ahead{g.out(from).size() + g.in(from).size()} {}
    int32_t end;
    std::vector<int32_t> level;  // the last whole one
    int32_t depth = 0;           // of that
    uint64_t edges_ahead;
  };

  /// 0: not seen; depth + 1 from the source; -(depth + 1) from the target. What a level that was not finished wrote lies beyond the depth of its side.
  int32_t place(int32_t v) const { return place_[size_t(v)]; }

  /// Whether the other side is one edge away; else the next level.
  bool advance(side& here, int32_t sign) {
    std::vector<int32_t> next;
    uint64_t edges = 0;
    auto mark = sign * (here.depth + 2);
    auto joined = [&](std::span<const int32_t> list) {
      for (auto u : list) {
        auto seen = place(u);
        if (seen * sign > 0) continue;
        if (seen) return true;
        place_[size_t(u)] = mark;
        edges += g_.out(u).size() + g_.in(u).size();
        next.push_back(u);
      }
      return false;
    };
    for (auto v : here.level)
      if (joined(sign > 0 ? g_.out(v) : g_.in(v)) || (!g_.directed() && joined(sign > 0 ? g_.in(v) : g_.out(v)))) return true;
    ++here.depth;
    here.level = std::move(next);
    here.edges_ahead = edges;
    return false;
  }

  /// Of the nodes one step further from the target than v those that are on a shortest path: which one goes first.
  template <class First>
  int32_t before_in_target(int32_t v, First&& first) {
    std::vector<int32_t> candidates;
    auto further = place(v) - 1;
    g_.for_each_backward(v, [&](int32_t u) {
      if (place(u) == further) candidates.push_back(u);
    });
    auto after = [&](int32_t a, int32_t b) { return first(b, a); };
    std::make_heap(candidates.begin(), candidates.end(), after);
    while (!candidates.empty()) {
      if (comes_from_source(candidates.front())) return candidates.front();
      std::pop_heap(candidates.begin(), candidates.end(), after);
      candidates.pop_back();
    }
    throw failure{errc::internal, "a shortest path has no node before one of its nodes"};
  }

  /// Whether v, on the target's side, is on a shortest path. Whoever is found not to be is not asked again.
  bool comes_from_source(int32_t v) {
    struct asked { int32_t node, place; };
    std::vector<asked> seen{{v, place(v)}}, stack = seen;
    bool found = false;
    while (!stack.empty() && !found) {
      auto [u, at] = stack.back();
      stack.pop_back();
      bool last = at == -(target_.depth + 1);
      auto wanted = last ? source_.depth + 1 : at - 1;
      g_.for_each_backward(u, [&](int32_t x) {
        if (place(x) != wanted) return;
        if (last) return void(found = true);
        place_[size_t(x)] = nowhere;
        stack.push_back({x, wanted});
        seen.push_back({x, wanted});
      });
    }
    for (auto [u, at] : seen) place_[size_t(u)] = found ? at : nowhere;
    return found;
  }

  static constexpr int32_t nowhere = INT32_MIN;
  const graph_view& g_;
  zeroed_array<int32_t> place_;
  side source_, target_;
  bool met_ = false;
};

}  // namespace gli
