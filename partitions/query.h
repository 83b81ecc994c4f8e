#pragma once
// Questions that one partition answers from what it holds. The driver merges the answers; embedded, the one answer is the whole.

#include <vector>

#include "partitions/values.h"
#include "runtime/job.h"

namespace gli {

/// Rows are in insertion order and carry "_seq" (int64) where the driver merges by it.
///
/// | name | needs | arguments | columns |
/// |---|---|---|---|
/// | counts | graph | – | nodes, edges, cut_edges (to mirrors), mirrors, bytes: one row |
/// | nodes | graph | offset 0, limit (null) | "id" key, attributes…, _seq |
/// | edges | graph | offset 0, limit (null) | source, target, [key], attributes…, _seq (of the source); mirrors resolved |
/// | node | graph | key | the node's row as in nodes; no row when it is not here |
/// | neighbors | graph | key, direction "out" \| "in" \| "all" | "id", key of each neighbor once; mirrors resolved |
/// | edge | graph | source, target, [key] | rows as in edges of all parallel edges |
/// | values | values | offset 0, limit (null) | "id", "value", _seq |
/// | value | values | key | "id", "value": one row, or none |
/// | top | values | n, ascending false | "id", "value", "_tie" (binary: key hash; int keys: absent): ties by int key, else by key hash; nulls last |
/// | sizes | values | n (null: all) | "value", "count" (int64): how many nodes have each value |
/// | histogram | values | – | like sizes, ordered by value |
/// | compare | values, other (older) | n | "id", "value", "older", "change" (float64): the n that moved most, by |change|, ties as in top; a node on one side only has null on the other and counts as 0 |
///
/// Unknown names or arguments are failure{value}.
column_batch answer(const query& q, const graph* g, const node_values* values, const node_values* other);

}  // namespace gli
