#pragma once
// A spanning forest of least weight of a whole undirected graph: edges from the lightest on, each where it joins two trees. O(m log m). [Kruskal 1956]

#include <algorithm>
#include <numeric>
#include <optional>
#include <tuple>
#include <vector>

#include <tbb/parallel_sort.h>

#include "partitions/kernels/edge_weights.h"
#include "partitions/kernels/key_labels.h"

namespace gli {

class spanning_forest_edges {
 public:
  spanning_forest_edges(const graph_view& g, const edge_weights* weights, communicator& all) : rank_{ranks(g, all)}, parent_(rank_.size()) {
    std::iota(parent_.begin(), parent_.end(), 0);
    for (int32_t v = 0; v < g.size(); ++v) {
      auto out = g.out(v);
      for (uint32_t i = 0; i < out.size(); ++i)
        if (out[i] != v) edges_.push_back({weights ? weights->out(g, v)[i] : 1.0, v, out[i], i});
    }
    auto place = [&](const edge& e) {
      auto [low, high] = std::minmax(rank_[size_t(e.source)], rank_[size_t(e.target)]);
      return std::tuple{e.weight, low, high, e.slot};
    };
    tbb::parallel_sort(edges_.begin(), edges_.end(), [&](auto& a, auto& b) { return place(a) < place(b); });
    std::erase_if(edges_, [&](auto& e) { return !join(e.source, e.target); });
  }

  /// Calls f(source, slot in its out-list) for every edge of the forest.
  template <class F>
  void for_each(F&& f) const {
    for (auto& e : edges_) f(e.source, e.slot);
  }

 private:
  struct edge { double weight; int32_t source, target; uint32_t slot; };

  /// By own id the node's place in the order of the keys.
  static std::vector<uint32_t> ranks(const graph_view& g, communicator& all) {
    return with_label_type(g.body().kind.keys, [&](auto type) {
      auto labels = key_labels<decltype(type)>(g, all);
      std::vector<int32_t> order(size_t(g.size()));
      std::iota(order.begin(), order.end(), 0);
      tbb::parallel_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return labels[a] < labels[b]; });
      std::vector<uint32_t> made(order.size());
      for (size_t i = 0; i < order.size(); ++i) made[size_t(order[i])] = uint32_t(i);
      return made;
    });
  }

  int32_t root(int32_t v) {
    while (parent_[size_t(v)] != v) v = parent_[size_t(v)] = parent_[size_t(parent_[size_t(v)])];
    return v;
  }
  bool join(int32_t u, int32_t v) {
    u = root(u), v = root(v);
    parent_[size_t(std::max(u, v))] = std::min(u, v);
    return u != v;
  }

  std::vector<uint32_t> rank_;
  std::vector<int32_t> parent_;
  std::vector<edge> edges_;  // in the end those of the forest, the lightest first
};

}  // namespace gli
