#pragma once
// What an algorithm answers: one value per own node.

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "partitions/graph.h"
#include "partitions/page_tree.h"
#include "runtime/codec.h"
#include "runtime/value.h"

namespace gli {

/// Immutable; shares the graph it belongs to. Row = own id; rows of nodes that are not live are null and never shown.
struct node_values {
  graph of;
  column data;             // named "value"; null where the algorithm has no answer (unreachable)
  result_info provenance;  // algorithm, its version, the arguments with defaults filled in
  parameters summary;      // global facts, the same on all partitions: rounds, count …
};
using node_values_ptr = std::shared_ptr<const node_values>;

/// The values as content-addressed pages, like write_graph / read_graph: in the order of key hashes.
hash128 write_values(const node_values& v, const page_has& has, const page_put& put);
/// The same of values whose graph has an `ownership`: `rows` are what rows_at_home gives.
hash128 write_values(const node_values& v, const column& rows, const page_has& has, const page_put& put);
/// `of` has the nodes that the values were written for.
node_values read_values(const hash128& root, const graph& of, const page_get& get);

/// Where one of the partitions that wrote a result has it. `part` gives the graph's partition there, which only format version 1 asks for.
struct stored_values {
  hash128 root;
  page_get get;
  std::function<graph()> part;
};
/// The same of all partitions that wrote a result, for `of`, which may be one of another number of partitions: `before` nodes of the whole graph have
/// smaller key hashes than its own.
node_values read_values(std::span<const stored_values> stored, const graph& of, int64_t before);

/// Rows [before, before + count) of what all of these wrote, in the order of key hashes; `expected` are all of them.
node_values read_value_rows(std::span<const stored_values> stored, const graph& of, int64_t before, int64_t count, uint64_t expected);
/// Live nodes by key hash: an order that all versions, copies and partitionings of a graph share.
std::vector<int32_t> nodes_by_hash(const graph& g);
/// Rows in the order of nodes_by_hash(of), as a column by id.
column values_by_id(const column& rows, const graph& of);

/// `g` with the values as the node attribute `name`, instead of what it had under that name; nulls are no attribute. `v.of` may be another version or copy
/// with the same nodes: else failure{value} naming one. O(nodes); only that column is new. On partitions each calls it with its own values.
graph with_values(const graph& g, const std::string& name, const node_values& v);

}  // namespace gli
