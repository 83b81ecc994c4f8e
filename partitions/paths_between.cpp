#include "partitions/paths_between.h"

#include <algorithm>
#include <unordered_map>

#include "partitions/dictionary.h"
#include "partitions/graph_view.h"
#include "partitions/interruption.h"
#include "partitions/kernels/meeting_paths.h"
#include "partitions/kernels/meeting_search.h"
#include "runtime/error.h"

namespace gli {
namespace {

/// Whether one goes before another among nodes that are equally good.
bool key_goes_first(const graph& g, int32_t a, int32_t b) {
  auto& keys = *g->keys;
  return g->kind.keys == key_type::int64 ? keys.int_key(a) < keys.int_key(b) : keys.hash_of(a) < keys.hash_of(b);
}

int32_t existing(const graph& g, const key& k) {
  check_key_type(g->kind.keys, k);
  auto v = g->size > 0 ? find_node(g, k) : std::nullopt;
  if (!v) throw failure{errc::key, "Node " + to_string(k) + " not found"};
  return *v;
}

std::optional<path_between> fewest_edges(const graph& g, int32_t source, int32_t target) {
  graph_view view{g};
  meeting_search found{view, source, target};
  if (!found.met()) return {};
  return path_between{found.way([&](int32_t a, int32_t b) { return key_goes_first(g, a, b); }), double(found.steps())};
}

/// The edges of shortest paths to one node, as a graph of their own.
class tight_ways {
 public:
  tight_ways(const graph_view& g, const edge_weights& w, const meeting_paths& found, int32_t source, int32_t target) {
    std::vector<int32_t> level{target};
    before_[target];
    while (!level.empty()) {
      auto v = level.back();
      level.pop_back();
      for_each_weighted_backward(g, w, v, [&](int32_t u, double weight) {
        if (found.distance(u) == meeting_paths::none || found.distance(u) + weight != found.distance(v)) return;
        before_[v].push_back(u);
        after_[u].push_back(v);
        if (before_.try_emplace(u).second) level.push_back(u);
      });
    }
    depth_[source] = 0;
    for (level = {source}; !level.empty();) {
      std::vector<int32_t> next;
      for (auto v : level)
        for (auto u : after_[v])
          if (depth_.try_emplace(u, depth_[v] + 1).second) next.push_back(u);
      level = std::move(next);
    }
  }

  /// From the target on always the node of the smallest key among those nearest to the source.
  std::vector<int32_t> fewest_edges(const graph& g, int32_t target) const {
    std::vector<int32_t> path{target};
    for (auto steps = depth_.at(target); steps > 0; --steps) {
      int32_t best = -1;
      for (auto u : before_.at(path.back()))
        if (depth_.at(u) == steps - 1 && (best < 0 || key_goes_first(g, u, best))) best = u;
      path.push_back(best);
    }
    std::reverse(path.begin(), path.end());
    return path;
  }

 private:
  std::unordered_map<int32_t, std::vector<int32_t>> before_, after_;
  std::unordered_map<int32_t, int32_t> depth_;  // edges from the source
};

std::optional<path_between> least_weight(const graph& g, int32_t source, int32_t target, const edge_weights& weights) {
  graph_view view{g};
  meeting_paths found{view, weights, source, target};
  if (found.distance(target) == meeting_paths::none) return {};
  tight_ways ways{view, weights, found, source, target};
  return path_between{ways.fewest_edges(g, target), found.distance(target)};
}

}  // namespace

std::optional<path_between> shortest_path_between(const graph& g, const key& source, const key& target, const std::optional<std::string>& weight, communicator& all) {
  if (g->partitions > 1) throw failure{errc::not_implemented, "a search from both ends is of whole graphs: not of one on several partitions"};
  interruption stop{all};
  auto from = existing(g, source), to = existing(g, target);
  if (!weight && from == to) return path_between{{from}, 0};
  if (!weight) return fewest_edges(g, from, to);
  return least_weight(g, from, to, edge_weights::of(g, *weight, true, all));
}

}  // namespace gli
