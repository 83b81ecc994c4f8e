#pragma once
// Dijkstra's search from both ends of a path until what they have settled holds every shortest one, then exact distances from the source of what lies on those.
// Whole graphs, one thread. [Dijkstra 1959; Pohl 1971]

#include <limits>
#include <queue>
#include <vector>

#include "partitions/interruption.h"
#include "partitions/kernels/edge_weights.h"

namespace gli {

class meeting_paths {
 public:
  static constexpr double none = std::numeric_limits<double>::infinity();

  meeting_paths(const graph_view& g, const edge_weights& w, int32_t source, int32_t target)
      : g_{g}, w_{w}, target_{target}, slack_{1 + (g.size() + 2) * 0x1p-51}, from_source_{g, source}, from_target_{g, target} {
    if (source == target) shortest_ = 0;
    for (uint32_t steps = 0; from_source_.next() + from_target_.next() <= shortest_ * slack_; ++steps) {
      if (from_source_.next() == none || from_target_.next() == none) break;
      if (steps % 1024 == 0) interruption::point();
      if (from_source_.queue.size() <= from_target_.queue.size()) advance(from_source_, from_target_, true);
      else advance(from_target_, from_source_, false);
    }
    if (shortest_ < none) finish();
  }

  /// The sum of weights from the source on; the target's: `none` without a path. True of whatever is on a shortest path, and no less than true of others.
  double distance(int32_t v) const { return from_source_.distance[v]; }

 private:
  struct side {
    struct waiting {
      double distance;
      int32_t node;
      friend bool operator>(const waiting& a, const waiting& b) { return a.distance > b.distance; }
    };
    side(const graph_view& g, int32_t end) : distance{g, none}, settled{g, 0} { offer(end, 0); }

    bool offer(int32_t v, double d) {
      if (!(d < distance[v])) return false;
      distance[v] = d;
      queue.push({d, v});
      return true;
    }
    /// The distance of who is settled next; drops those who wait twice.
    double next() {
      while (!queue.empty() && (queue.top().distance > distance[queue.top().node] || settled[queue.top().node])) queue.pop();
      return queue.empty() ? none : queue.top().distance;
    }
    int32_t settle() {
      auto v = queue.top().node;
      queue.pop();
      settled[v] = 1;
      known.push_back(v);
      return v;
    }

    vertex_array<double> distance;
    vertex_array<uint8_t> settled;
    std::vector<int32_t> known;  // those settled
    std::priority_queue<waiting, std::vector<waiting>, std::greater<>> queue;
  };

  void advance(side& here, const side& there, bool forward) {
    auto v = here.settle();
    auto relax = [&](int32_t u, double weight) {
      auto d = here.distance[v] + weight;
      if (d <= shortest_ * slack_ && here.offer(u, d)) shortest_ = std::min(shortest_, d + there.distance[u]);
    };
    if (forward) for_each_weighted_forward(g_, w_, v, relax);
    else for_each_weighted_backward(g_, w_, v, relax);
  }

  /// A node on a shortest path that the source's search has not settled, the target's has: else both would have stopped too early.
  void finish() {
    from_source_.queue = {};
    for (auto v : from_target_.known)
      if (!from_source_.settled[v] && from_source_.distance[v] < none) from_source_.queue.push({from_source_.distance[v], v});
    for (uint32_t steps = 0; from_source_.next() < none && from_source_.next() <= from_source_.distance[target_]; ++steps) {
      if (steps % 1024 == 0) interruption::point();
      auto v = from_source_.settle();
      if (from_source_.distance[v] + from_target_.distance[v] > shortest_ * slack_) continue;
      for_each_weighted_forward(g_, w_, v, [&](int32_t u, double weight) {
        if (from_target_.settled[u]) from_source_.offer(u, from_source_.distance[v] + weight);
      });
    }
  }

  const graph_view& g_;
  const edge_weights& w_;
  int32_t target_;
  double slack_;              // how much longer than the shortest path one may look by the rounding of sums
  double shortest_ = none;    // known so far, but for that
  side from_source_, from_target_;
};

}  // namespace gli
