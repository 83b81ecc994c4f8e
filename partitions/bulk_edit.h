#pragma once
// Rows of column batches as edits of a graph that is there already.

#include <vector>

#include "runtime/edit.h"
#include "partitions/graph.h"
#include "runtime/duplicates.h"

namespace gli {

/// Columns as graph_loader::add_nodes takes them. What is in `g` counts as a row that came before all others. Nulls are no attributes. Throws
/// failure{value | type} naming the row, from 0 through all batches. Apply the edits to the same graph.
std::vector<edit> node_edits(const graph& g, const std::vector<column_batch>& rows, duplicate_policy duplicates);

/// The same of edges: columns as graph_loader::add_edges takes them.
std::vector<edit> edge_edits(const graph& g, const std::vector<column_batch>& rows, duplicate_policy duplicates, bool create_nodes);

}  // namespace gli
