#pragma once
// The own nodes beside each mirror, over edges in either direction: what a mirror's news concern. O(own nodes + cut edges) to make.

#include <span>
#include <vector>

#include "partitions/graph_view.h"

namespace gli {

class mirror_neighbors {
 public:
  explicit mirror_neighbors(const graph_view& g) : begin_(size_t(g.mirrors()) + 1) {
    for_each_cut(g, [&](int32_t, int32_t m) { ++begin_[size_t(~m)]; });
    uint64_t next = 0;
    for (auto& b : begin_) next += std::exchange(b, next);
    own_.resize(next);
    auto at = begin_;
    for_each_cut(g, [&](int32_t v, int32_t m) { own_[at[size_t(~m)]++] = v; });
  }
  /// Ascending; once for each edge.
  std::span<const int32_t> of(int32_t mirror) const {
    auto m = size_t(~mirror);
    return {own_.data() + begin_[m], own_.data() + begin_[m + 1]};
  }

 private:
  /// Mirrors come first in every list.
  template <class F>
  static void for_each_cut(const graph_view& g, F&& f) {
    for (int32_t v = 0; v < g.size() && g.mirrors() > 0; ++v)
      for (auto list : {g.out(v), g.in(v)})
        for (auto u = list.begin(); u != list.end() && *u < 0; ++u) f(v, *u);
  }

  std::vector<uint64_t> begin_;  // by -id-1
  std::vector<int32_t> own_;
};

}  // namespace gli
