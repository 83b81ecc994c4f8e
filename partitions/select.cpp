#include "partitions/catalog.h"
#include "partitions/evaluate.h"
#include "partitions/evaluate_compare.h"
#include "partitions/restrict.h"

namespace gli {
namespace {

/// Throws alike on all partitions unless it holds on all.
void demand(bool holds, communicator& all, errc code, const std::string& message) {
  uint64_t agreed = holds;
  all.all_reduce({&agreed, 1}, reduction::min);
  if (!agreed) throw failure{code, message};
}

bool within(const column& c, int32_t v, double low, double high) {
  if (!c.valid(v)) return false;
  switch (c.type) {
    case column_type::boolean:
      return low <= c.boolean(v) && c.boolean(v) <= high;
    case column_type::int64:
      return compare_exactly(c.int64(v), low) >= 0 && compare_exactly(c.int64(v), high) <= 0;
    default:
      return low <= c.float64(v) && c.float64(v) <= high;
  }
}

}  // namespace

graph select(const graph& g, const select_elements& what, communicator& all) {
  std::vector<uint64_t> nodes;
  std::vector<std::vector<uint64_t>> edges;
  kept_elements kept;
  if (what.nodes) {
    nodes = evaluate_nodes(*what.nodes, g, all);
    kept.nodes = &nodes;
  }
  if (what.edges) {
    edges = evaluate_edges(*what.edges, g, all);
    kept.edges = &edges;
  }
  return restrict_to(g, kept, all);
}

graph select(const graph& g, const node_values& values, double low, double high, communicator& all) {
  auto type = values.data.type;
  demand(type == column_type::boolean || type == column_type::int64 || type == column_type::float64, all, errc::type,
         std::string{"select needs values that are numbers, not "} + type_name(type));
  demand(values.data.length == g->size, all, errc::value, "these values belong to another graph");
  return restrict_to(
      g, [&](int32_t v) { return within(values.data, v, low, high); }, {}, all);
}

}  // namespace gli
