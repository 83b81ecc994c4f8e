#pragma once
// A spanning forest of least weight of a whole undirected graph: edges from the lightest on, each where it joins two trees. Edges are sorted a part at a
// time: those heavier than some edge only once those lighter have joined what they join, and without those that would close a circle by then. O(m + n log² n)
// as a rule. [Kruskal 1956; Osipov, Sanders, Singler 2009]

#include <algorithm>
#include <array>
#include <numeric>
#include <span>
#include <tuple>
#include <vector>

#include <tbb/parallel_sort.h>

#include "partitions/interruption.h"
#include "partitions/kernels/edge_weights.h"
#include "partitions/kernels/key_labels.h"

namespace gli {

class spanning_forest_edges {
 public:
  spanning_forest_edges(const graph_view& g, const edge_weights* weights, communicator& all) {
    auto place = places(g, all);
    parent_.resize(place.size());
    std::iota(parent_.begin(), parent_.end(), 0u);
    std::vector<edge> edges;
    edges.reserve(g.total_edges());
    for (int32_t v = 0; v < g.size(); ++v) {
      auto out = g.out(v);
      auto weight = weights ? weights->out(g, v) : nullptr;
      for (uint32_t i = 0; i < out.size(); ++i) {
        auto [low, high] = std::minmax(place[size_t(v)], place[size_t(out[i])]);
        if (out[i] != v) edges.push_back({weight ? weight[i] : 1.0, low, high, v, i});
      }
    }
    grow(edges);
  }

  /// Calls f(source, slot in its out-list) for every edge of the forest.
  template <class F>
  void for_each(F&& f) const {
    for (auto& e : forest_) f(e.source, e.slot);
  }

 private:
  struct edge {
    double weight;
    uint32_t low, high;  // the ends' places in the order of the keys
    int32_t source;
    uint32_t slot;
    friend bool operator<(const edge& a, const edge& b) { return std::tie(a.weight, a.low, a.high, a.slot) < std::tie(b.weight, b.low, b.high, b.slot); }
  };

  void grow(std::span<edge> edges) {
    constexpr size_t few = 1 << 13;
    interruption::point();
    if (edges.size() <= std::max(few, parent_.size() / 2)) {
      tbb::parallel_sort(edges.begin(), edges.end());
      for (auto& e : edges)
        if (join(e.low, e.high)) forest_.push_back(e);
      return;
    }
    auto middle = middle_of(edges);
    auto heavy = std::partition(edges.begin(), edges.end(), [&](const edge& e) { return e < middle; });
    auto lighter = size_t(heavy - edges.begin());
    grow(edges.first(lighter));
    auto last = std::remove_if(edges.begin() + ptrdiff_t(lighter), edges.end(), [&](const edge& e) { return root(e.low) == root(e.high); });
    grow(edges.subspan(lighter, size_t(last - edges.begin()) - lighter));
  }

  /// One that has edges on both sides.
  static edge middle_of(std::span<const edge> edges) {
    std::array<edge, 33> sample;
    for (size_t i = 0; i < sample.size(); ++i) sample[i] = edges[i * (edges.size() - 1) / (sample.size() - 1)];
    std::sort(sample.begin(), sample.end());
    return sample[sample.size() / 2];
  }

  /// By own id the node's place in the order of the keys.
  static std::vector<uint32_t> places(const graph_view& g, communicator& all) {
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

  uint32_t root(uint32_t v) {
    while (parent_[v] != v) v = parent_[v] = parent_[parent_[v]];
    return v;
  }
  bool join(uint32_t u, uint32_t v) {
    u = root(u), v = root(v);
    parent_[std::max(u, v)] = std::min(u, v);
    return u != v;
  }

  std::vector<uint32_t> parent_;  // by place
  std::vector<edge> forest_;      // the lightest first
};

}  // namespace gli
