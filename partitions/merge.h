#pragma once
// Three-way merge of whole graphs: what two sides changed since a base, brought together by key and attribute. docs/versions.md, "Merging".

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "partitions/version.h"

namespace gli {

/// What both sides changed, and not to the same. Of an attribute: its values, nothing where it is not there. Of a whole element (no attribute): one side
/// removed it, and the other changed it, or, of a node, added or changed an edge at it.
struct merge_conflict {
  enum class element : uint8_t { node, edge, graph };
  element of = element::graph;
  key node, target;               // the node; or the edge's ends
  std::optional<key> edge_key;    // multi graphs
  std::optional<std::string> attribute;
  std::optional<value> base, ours, theirs;
  bool in_ours = true, in_theirs = true;  // whether the element is there
};

/// What a conflict comes to: one side's state; or, of an attribute, another value (null: none).
struct merge_choice {
  enum class side : uint8_t { ours, theirs };
  side take = side::ours;
  std::optional<value> instead;
};
using merge_resolver = std::function<merge_choice(const merge_conflict&)>;

/// `ours` with what `theirs` changed since `base`, and all conflicts in the order of nodes, edges, the graph, each by key and attribute. A conflict is
/// as `resolve` says. The cost follows the changes, as that of visit_changes does. Edges whose ends are gone are gone. failure{value} for graphs of
/// different kinds, failure{type} for keys of different types.
version merge(const version& base, const version& ours, const version& theirs, const merge_resolver& resolve, std::vector<merge_conflict>& conflicts);

}  // namespace gli
