// Algorithms that look at the neighbors of neighbors.
#include "partitions/algorithms/triangles.h"
#include "partitions/catalog_entries.h"
#include "partitions/kernels/distinct_neighbors.h"
#include "partitions/kernels/exact_vector.h"
#include "partitions/kernels/value_column.h"
#include "runtime/error.h"

namespace gli {
namespace {

algorithm_answer run_triangles(const graph& g, const parameters&, communicator& all) {
  graph_view view{g};
  triangles a{view, triangle_weight::ones, all};
  uint64_t corners = 0;
  for (int32_t v = 0; v < view.size(); ++v) corners += a.of(v);
  auto data = value_column<int64_t>(view, every_node, [&](int32_t v) { return int64_t(a.of(v)); });
  return {std::move(data), {{"triangles", int64_t(counted(corners, all) / 3)}}};
}

/// Edges between the neighbors of v, of those that there could be; directed ones as NetworkX counts them, or as LDBC does.
algorithm_answer run_clustering(const graph& g, const parameters& p, communicator& all) {
  graph_view view{g};
  auto& mode = std::get<std::string>(p.at("mode"));
  if (mode != "networkx" && mode != "ldbc") throw failure{errc::value, "mode must be 'networkx' or 'ldbc', not " + to_string(p.at("mode"))};
  bool ways = view.directed() && mode == "networkx";
  triangles a{view, !view.directed() ? triangle_weight::ones : ways ? triangle_weight::directed : triangle_weight::opposite, all};
  auto of = [&](int32_t v) {
    auto degree = a.lists.degree(v), pairs = degree * (degree - 1);  // 0 * anything: 0
    if (ways) {
      uint64_t total = 0;
      for_each_distinct_neighbor(view, v, [&](int32_t, int edges) { total += uint64_t(edges); });
      pairs = total * (total - 1) - 2 * (total - degree);  // total - degree: neighbors with edges both ways
    }
    auto closed = a.of(v) * (view.directed() ? 1 : 2);
    return closed == 0 ? 0.0 : double(closed) / double(pairs);
  };
  auto mean = exact_total(view, all, of) / double(std::max<uint64_t>(1, view.total_nodes()));
  return {value_column<double>(view, every_node, of), {{"average", mean}}};
}

}  // namespace

std::vector<catalog_entry> triangle_algorithms() {
  return {
      {"triangles", 1, {}, run_triangles},
      {"clustering", 1, {{"mode", argument_kind::text, std::string{"networkx"}}}, run_clustering},
  };
}

}  // namespace gli
