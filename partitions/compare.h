#pragma once
// What changed between two versions of a graph. Elements are the same when their keys are; values when their facts are (an int and an equal float are).
//
// The cost follows the change where both versions number their nodes alike (edits of one graph, or read from one line of commits): pages that are
// shared, or have one hash, are skipped. Else O(n + m). Graphs whose keys are of different types, or of another kind, are failure{value}.

#include <optional>

#include "partitions/graph.h"
#include "partitions/version.h"

namespace gli {

/// Where the differences go, in this order: nodes of `newer` in insertion order, nodes removed, then edges by source. Ids are of the graph that has
/// them; a slot is a position in the source's out list.
class difference_visitor {
 public:
  virtual ~difference_visitor() = default;
  virtual void node_added(int32_t newer) = 0;
  virtual void node_removed(int32_t older) = 0;
  virtual void node_changed(int32_t older, int32_t newer) = 0;
  virtual void edge_added(int32_t source, uint32_t slot) = 0;
  virtual void edge_removed(int32_t source, uint32_t slot) = 0;
  virtual void edge_changed(int32_t old_source, uint32_t old_slot, int32_t source, uint32_t slot) = 0;
};
void visit_differences(const graph& older, const graph& newer, difference_visitor& visitor);

/// Where the differences between versions of a whole graph go: elements by key, with what they had and have; null where they are not there. Nodes of
/// `newer` as insertion goes on (those that only changed by id where the two have a log in common), nodes removed, then edges by source.
class change_visitor {
 public:
  struct edge_name { key source, target; std::optional<key> edge_key; auto operator<=>(const edge_name&) const = default; };

  virtual ~change_visitor() = default;
  virtual void node(const key& k, const parameters* before, const parameters* now) = 0;
  virtual void edge(const edge_name& e, const parameters* before, const parameters* now) = 0;
};
/// O(k log k) for the k operations between versions that have a log or pages in common, else as visit_differences above of what they fold to.
void visit_changes(const version& older, const version& newer, change_visitor& visitor);

/// compare() of two versions: nodes_added, nodes_removed, nodes_changed, and of edges likewise.
parameters count_changes(const version& older, const version& newer);

/// The differences of two versions as rows: "change" (added | removed | changed), "element" (node | edge | graph), "id" of a node, "source", "target"
/// and "key" of an edge, "attribute", "old", "new". One row for each node or edge added or removed, with all its attributes as a JSON object in
/// "new" or "old", and one for each attribute that changed, with its values as JSON text. Null where a column does not apply. At most `limit` rows.
column_batch list_differences(const version& older, const version& newer, int64_t limit = INT64_MAX);

/// The same of one partition of both, whose mirrors' keys must be at hand, with "_part" (0 nodes of newer, 1 nodes removed, 2 edges, 3 the graph) and
/// "_seq" (the place of the node or source): in their order a driver merges the rows of all.
column_batch list_partition_differences(const graph& older, const graph& newer, int64_t limit);

}  // namespace gli
