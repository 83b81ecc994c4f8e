#include "partitions/joined_shape.h"

#include <algorithm>
#include <numeric>

#include "partitions/rows.h"
#include "runtime/error.h"

namespace gli {

namespace {

[[noreturn]] void damaged(const char* what) { throw failure{errc::corrupt, std::string{"partitions of a graph: "} + what}; }

void join(key_type& all, key_type mine) {
  if (all != key_type::none && mine != key_type::none && mine != all) damaged("their keys are of different types");
  if (mine != key_type::none) all = mine;
}

}  // namespace

std::vector<column_shape> shapes_of(const std::vector<paged_column>& columns) {
  std::vector<column_shape> shapes;
  for (auto& c : columns) shapes.push_back({c.name, c.type});
  return shapes;
}

std::vector<column_shape> joined_columns(std::span<const std::vector<column_shape>> by_partition) {
  std::vector<size_t> order(by_partition.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return by_partition[a].size() > by_partition[b].size(); });
  std::vector<column_shape> joined;
  for (auto p : order)
    for (auto& c : by_partition[p]) {
      auto at = std::ranges::find(joined, c.name, &column_shape::name);
      if (at == joined.end()) joined.push_back(c);
      else at->type = common_type(at->type, c.type);
    }
  return joined;
}

graph_kind joined_kind(std::span<const graph_kind> kinds) {
  graph_kind joined = kinds.front();
  for (auto& k : kinds) {
    if (k.directed != joined.directed || k.multi != joined.multi) damaged("they are of different kinds");
    join(joined.keys, k.keys);
    join(joined.edge_keys, k.edge_keys);
  }
  return joined;
}

const paged_column* column_named(const std::vector<paged_column>& columns, const std::string& name) {
  auto at = std::ranges::find(columns, name, &paged_column::name);
  return at == columns.end() ? nullptr : &*at;
}

}  // namespace gli
