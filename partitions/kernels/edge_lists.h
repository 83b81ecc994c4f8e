#pragma once
// The edges that a search follows from a node: one list, or two where those of both directions lie apart.

#include <span>

#include "partitions/graph_view.h"

namespace gli {

class edge_lists {
 public:
  edge_lists() = default;
  explicit edge_lists(adjacency one) : first_{one} {}
  edge_lists(adjacency first, adjacency second) : first_{first}, second_{second}, two_{true} {}

  bool two() const { return two_; }
  const adjacency& first() const { return first_; }
  const adjacency& second() const { return second_; }  // where there are two
  uint64_t degree(int32_t v) const { return first_.of(v).size() + (two_ ? second_.of(v).size() : 0); }

  template <class F>
  void for_each_list(int32_t v, F&& f) const {
    f(first_.of(v));
    if (two_) f(second_.of(v));
  }
  template <class F>
  void for_each(int32_t v, F&& f) const {
    for_each_list(v, [&](std::span<const int32_t> list) {
      for (auto u : list) f(u);
    });
  }

  void prefetch(int32_t v) const {
    first_.prefetch(v);
    if (two_) second_.prefetch(v);
  }
  void prefetch_lists(int32_t v) const {
    first_.prefetch_list(v);
    if (two_) second_.prefetch_list(v);
  }

 private:
  adjacency first_, second_;
  bool two_ = false;
};

/// All edges at a node, in either direction.
inline edge_lists edges_at(const graph_view& g) {
  auto one = g.directed() ? std::nullopt : g.forward_if_asked_again();
  return one ? edge_lists{*one} : edge_lists{adjacency{g.body().in.directory}, adjacency{g.body().out.directory}};
}

}  // namespace gli
