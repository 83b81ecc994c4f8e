#pragma once
// What stands in the way of a merge, and what is decided about it. docs/versions.md, "Merging".

#include <optional>
#include <string>

#include "runtime/value.h"

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

}  // namespace gli
