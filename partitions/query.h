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
/// | edges | graph | offset 0, limit (null) | source, target, [key], attributes…, _seq (of the source); by target key within a source; mirrors resolved |
/// | node | graph | key | the node's row as in nodes; no row when it is not here |
/// | neighbors | graph | key, direction "out" \| "in" \| "all" | "id", key of each neighbor once, in the order of the keys; mirrors resolved |
/// | edge | graph | source, target, [key] | rows as in edges of all parallel edges |
/// | values | values | offset 0, limit (null) | "id", "value", _seq (of one partition of several) |
/// | value | values | key | "id", "value": one row, or none |
/// | top | values | n 10, ascending false | "id", "value", "_tie" (binary: key hash; int keys: absent): ties by int key, else by key hash; nulls last |
/// | sizes | values | n (null: all) | "value", "count" (int64): how many nodes have each value, most first, ties by value; nulls are not counted |
/// | histogram | values | – | like sizes, ordered by value |
/// | compare | values, other (older) | n 10 | "id", "value", "older", "change" (float64), "_tie": the n that moved most, by |change|, ties as in top; a node on one side only has null on the other and counts as 0 |
///
/// A worker answers one more, "differences", of `graph` since another graph, `other`, with at most limit rows: partitions/compare.h,
/// list_partition_differences.
///
/// "_tie" is the hash's 16 bytes, high half first, big endian, so that bytes order as hashes do. A NaN stands after all numbers, before nulls, either
/// way. Nodes without a value on either side are not compared. Attributes that begin with "_" may stand beside "_seq", which comes last.
/// An edge of an undirected graph is found from both ends, and shown from the smaller key. Neighbors of a node that is not here: failure{key}.
///
/// Unknown names or arguments are failure{value}.
column_batch answer(const query& q, const graph* g, const node_values* values, const node_values* other);

/// Edges of this partition that lead to nodes of others. O(nodes log degree).
uint64_t cut_edges(const graph& g);

}  // namespace gli
