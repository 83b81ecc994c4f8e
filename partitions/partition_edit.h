#pragma once
// Edits of a graph in any number of partitions. docs/protocol.md, "Distributed edits", says who sends what.
//
// Collective: all partitions get the same report, or the same failure, as version::apply throws it; then nothing has changed. Pages that no edit touches are shared with `g`.

#include <span>
#include <vector>

#include "partitions/graph.h"
#include "runtime/communicator.h"
#include "runtime/duplicates.h"
#include "runtime/edit.h"

namespace gli {

/// `g` after the edits, in order; all partitions give the same.
graph apply(const graph& g, std::span<const edit> edits, edit_report& report, communicator& all);

/// Rows to be added, as partitions/bulk_edit.h takes them, with "_seq", which orders them.
struct new_rows {
  std::vector<column_batch> batches;
  bool edges = false, create_nodes = false;
  duplicate_policy duplicates = duplicate_policy::first;
};

/// `g` with the rows of all partitions.
graph add(const graph& g, new_rows rows, edit_report& report, communicator& all);

}  // namespace gli
