#pragma once
// Breadth-first searches from both ends of a path, level by level from the side whose next one has fewer edges, until they meet. Whole graphs, one thread.

#include <vector>

#include "partitions/graph_view.h"
#include "partitions/huge_array.h"
#include "partitions/interruption.h"

namespace gli {

class meeting_search {
 public:
  /// source is not target.
  meeting_search(const graph_view& g, int32_t source, int32_t target) : g_{g}, from_source_{g, source}, from_target_{g, target} {
    while (met_.empty() && !from_source_.level.empty() && !from_target_.level.empty()) {
      interruption::point();
      if (from_source_.edges_ahead <= from_target_.edges_ahead) advance(from_source_, from_target_, true);
      else advance(from_target_, from_source_, false);
    }
    if (!met_.empty()) mark_to_target();
  }

  bool met() const { return !met_.empty(); }
  /// Of the shortest paths, once they met.
  int32_t steps() const { return from_source_.levels + from_target_.levels; }
  /// The distance from the source, of nodes that are on a shortest path or nearer to the source than where the searches met; else -1 or as little as that.
  int32_t depth(int32_t v) const { return from_source_.place(v) - 1; }

 private:
  struct side {
    side(const graph_view& g, int32_t end) : places(size_t(g.size())), level{end}, edges_ahead{g.out(end).size() + g.in(end).size()} { places[size_t(end)] = 1; }
    int32_t place(int32_t v) const { return places[size_t(v)]; }  // 0: not seen; else the distance + 1

    zeroed_array<int32_t> places;
    std::vector<int32_t> level;  // the last
    int32_t levels = 0;          // beside the end itself
    uint64_t edges_ahead;
  };

  void advance(side& here, const side& there, bool forward) {
    std::vector<int32_t> next;
    here.edges_ahead = 0;
    auto reach = [&](int32_t u) {
      if (here.places[size_t(u)]) return;
      here.places[size_t(u)] = here.levels + 2;
      here.edges_ahead += g_.out(u).size() + g_.in(u).size();
      next.push_back(u);
      if (there.place(u)) met_.push_back(u);
    };
    for (auto v : here.level)
      if (forward) g_.for_each_forward(v, reach);
      else g_.for_each_backward(v, reach);
    ++here.levels;
    here.level = std::move(next);
  }

  /// Depths of what lies on shortest paths behind the place where the searches met.
  void mark_to_target() {
    auto level = met_;
    for (auto& v : level) from_source_.places[size_t(v)] = from_source_.levels + 1;
    for (auto left = from_target_.levels; left > 0; --left) {
      std::vector<int32_t> next;
      for (auto v : level)
        g_.for_each_forward(v, [&](int32_t u) {
          if (from_target_.place(u) != left || from_source_.place(u)) return;
          from_source_.places[size_t(u)] = from_source_.place(v) + 1;
          next.push_back(u);
        });
      level = std::move(next);
    }
  }

  const graph_view& g_;
  side from_source_, from_target_;
  std::vector<int32_t> met_;  // all nodes of shortest paths at one depth
};

}  // namespace gli
