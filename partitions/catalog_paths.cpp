// Algorithms that follow paths from a node.
#include <cmath>
#include <memory>
#include <optional>

#include "partitions/algorithms/bfs.h"
#include "partitions/algorithms/predecessors.h"
#include "partitions/algorithms/sssp.h"
#include "partitions/catalog_entries.h"
#include "partitions/json_list.h"
#include "partitions/kernels/value_column.h"
#include "partitions/run.h"
#include "runtime/error.h"

namespace gli {
namespace {

std::vector<int32_t> own_nodes(const graph& g, const value& given, communicator& all) {
  std::vector<key> keys;
  if (auto list = std::get_if<json>(&given))
    for (auto& x : json_scalars(list->text, "source is a node or a list of nodes")) keys.push_back(checked_key(x));
  else
    keys.push_back(checked_key(given));
  if (keys.empty()) throw failure{errc::value, "source is an empty list: name a node at least"};
  std::vector<int32_t> own;
  for (auto v : find_all_anywhere(g, keys, all))
    if (v) own.push_back(*v);
  return own;
}

void search(const graph& g, const parameters& p, communicator& all, bfs& a) {
  a.sources = own_nodes(g, p.at("source"), all);
  a.reverse = std::get<bool>(p.at("reverse"));
  a.undirected = std::get<bool>(p.at("undirected"));
  a.depth_limit = optional_count(p, "depth_limit");
  run_rounds(a, graph_view{g}, all);
}

parameters summary_of(const bfs& a) {
  constexpr size_t counts_shown = 64;
  parameters summary{{"depth", int64_t(a.reached.size()) - 1}};
  uint64_t reached = 0;
  for (size_t d = 0; d < a.reached.size(); ++d) {
    reached += a.reached[d];
    if (d < counts_shown) summary["depth_" + std::to_string(d)] = int64_t(a.reached[d]);
  }
  summary["reached"] = int64_t(reached);
  return summary;
}

algorithm_answer run_bfs(const graph& g, const parameters& p, communicator& all) {
  graph_view view{g};
  bfs a;
  search(g, p, all, a);
  auto known = [&](int32_t v) { return a.depth[v] >= 0; };
  return {value_column<int64_t>(view, known, [&](int32_t v) { return int64_t{a.depth[v]}; }), summary_of(a)};
}

column keys_before(const graph& g, bfs& over, communicator& all) {
  return with_label_type(agreed_key_type(g, all), [&](auto label) {
    graph_view view{g};
    std::vector<uint8_t> known;
    auto before = predecessors<decltype(label)>(view, over, known, all);
    return keys_of_labels(view, before, known, all);
  });
}

algorithm_answer run_bfs_predecessors(const graph& g, const parameters& p, communicator& all) {
  bfs a;
  search(g, p, all, a);
  return {keys_before(g, a, all), summary_of(a)};
}

struct shortest_paths {
  std::optional<int32_t> source;               // own id
  std::shared_ptr<const edge_weights> weights; // none: every edge counts 1
  vertex_array<double> distance;               // own nodes
};

shortest_paths settled(const graph& g, const parameters& p, communicator& all) {
  graph_view view{g};
  shortest_paths found{find_anywhere(g, key_parameter(p, "source"), all), nullptr, {view, 0}};
  if (auto name = optional_name(p, "weight")) found.weights = std::make_shared<const edge_weights>(edge_weights::of(g, *name, true, all));
  with_lengths(view, found.weights.get(), [&](auto lengths) {
    sssp a{lengths, found.source};
    run_rounds(a, view, all);
    parallel_ranges(view.size(), vertices_per_page, [&](int64_t v, int64_t end) {
      for (; v < end; ++v) found.distance[int32_t(v)] = a.of(int32_t(v));
    });
  });
  return found;
}

algorithm_answer run_sssp(const graph& g, const parameters& p, communicator& all) {
  graph_view view{g};
  auto a = settled(g, p, all);
  uint64_t reached = 0;
  for (int32_t v = 0; v < view.size(); ++v) reached += !std::isinf(a.distance[v]);
  auto data = value_column<double>(view, every_node, [&](int32_t v) { return a.distance[v]; });
  return {std::move(data), {{"reached", int64_t(counted(reached, all))}}};
}

/// A search along tight edges finds paths of the fewest edges among the shortest: no edge of weight 0 leads in a circle.
algorithm_answer run_sssp_predecessors(const graph& g, const parameters& p, communicator& all) {
  graph_view view{g};
  auto a = settled(g, p, all);
  bfs again;
  if (a.source) again.sources.push_back(*a.source);
  std::optional<tight_edges> tight;
  if (a.weights) {
    broadcast(a.distance, view, all);
    again.along = &tight.emplace(tight_edges{*a.weights, a.distance});
  }
  run_rounds(again, view, all);
  return {keys_before(g, again, all), summary_of(again)};
}

}  // namespace

std::vector<catalog_entry> path_algorithms() {
  using kind = argument_kind;
  std::vector<algorithm_argument> search{{"source", kind::nodes}, {"reverse", kind::flag, false}, {"undirected", kind::flag, false}, {"depth_limit", kind::count, value{}}};
  std::vector<algorithm_argument> weighted{{"source", kind::node}, {"weight", kind::name, value{}}};
  return {
      {bfs::name, 1, search, run_bfs},
      {"bfs_predecessors", 1, search, run_bfs_predecessors},
      {"sssp", 1, weighted, run_sssp},
      {"sssp_predecessors", 2, weighted, run_sssp_predecessors},
  };
}

}  // namespace gli
