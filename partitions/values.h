#pragma once
// What an algorithm answers: one value per own node.

#include <memory>
#include <string>

#include "partitions/graph.h"
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

/// The values as content-addressed pages, like write_graph / read_graph.
hash128 write_values(const node_values& v, const std::function<bool(const hash128&)>& has,
                     const std::function<void(const hash128&, std::span<const uint8_t>)>& put);
node_values read_values(const hash128& root, const graph& of, const std::function<byte_buffer(const hash128&)>& get);

/// `g` with the values as the node attribute `name`, instead of what it had under that name; nulls are no attribute. `v.of` may be another version or copy
/// with the same nodes: else failure{value} naming one. O(nodes); only that column is new. On partitions each calls it with its own values.
graph with_values(const graph& g, const std::string& name, const node_values& v);

/// Results of the partitions of one graph, for the gathered whole graph.
node_values gather(std::span<const node_values> partitions, const graph& whole);

}  // namespace gli
