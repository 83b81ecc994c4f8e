#pragma once
// Expressions over a graph's columns.

#include <vector>

#include "partitions/graph.h"
#include "runtime/expression.h"

namespace gli {

/// One bit per own node: where the expression is true (null counts as false). Parallel over pages.
/// Throws failure{type} naming the column and both types, failure{key} for an attribute that no node has. `all` agrees on the columns'
/// types between partitions (a partition without any such node has no column).
std::vector<uint64_t> evaluate_nodes(const expression& e, const graph& g, communicator& all);

/// One bit per edge in slot order of the out-pages, by page: where it is true. node() inside it means the source's attribute.
std::vector<std::vector<uint64_t>> evaluate_edges(const expression& e, const graph& g, communicator& all);

}  // namespace gli
