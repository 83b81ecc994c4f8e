#pragma once
// The rows of a whole graph's views as Arrow batches: fixed-width columns stay in their pages.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "partitions/graph.h"
#include "partitions/query_values.h"
#include "partitions/shared_columns.h"

namespace gli {

/// Which rows, by place in insertion order among the kept ones, and which columns (nothing: all).
struct wanted_rows {
  row_window window;
  std::optional<std::set<std::string>> names;
};

/// Columns as in the query "nodes" (partitions/query.h), without _seq. `kept`: bits by own id; null: all live nodes.
/// A batch for each column page: rows that stand together are not copied, nor are bytes of text.
shared_table node_table(const graph& g, const std::vector<uint64_t>* kept, const wanted_rows& wanted);

/// Likewise "edges", a batch for each out-page. `kept`: bits by out-page and row.
shared_table edge_table(const graph& g, const std::vector<std::vector<uint64_t>>* kept, const wanted_rows& wanted);

}  // namespace gli
