#pragma once
// One edit of a graph, as data. Batches of them are applied together: partitions/graph.h, apply().
//
// Keys. The first node decides whether a graph's keys are int64 or str; another type later is failure{type}. What is missing is failure{key}: "Node 'x'
// not found", "Edge 'a' -> 'b' not found". A node removed and added again is new: it stands at the end of the insertion order, without its old
// attributes. In undirected graphs (a, b) and (b, a) are one edge.
//
// Columns. An attribute's column has the type of its values as long as they are all of one type, lists of one type of element among them; a column that
// has lost its values takes any type. Ints and floats make a column of numbers, where each stays what it is. Where other types differ the column becomes
// json: every value is kept as its JSON text (runtime/json_text.h), so that ints stay ints and reals reals; NaN and the infinities are the words NaN,
// Infinity and -Infinity. Nothing turns into text. A column whose last value goes, goes. The graph_id counts values by what they are, not by the column.

#include <optional>
#include <string>
#include <vector>

#include "runtime/value.h"

namespace gli {

struct edit {
  enum class what : uint8_t {
    add_node,            // keeps the first: existing nodes stay as they are
    update_node,         // KeyError when missing
    upsert_node,         // adds or updates
    remove_node,         // with its edges; KeyError when missing
    remove_node_attribute,
    add_edge,            // keeps the first; KeyError when an endpoint is missing, unless create_nodes
    update_edge, upsert_edge, remove_edge, remove_edge_attribute,
    set_graph_attribute, remove_graph_attribute,
  };
  what op = what::add_node;
  key node;                         // or the edge's source
  key target;                       // edges
  std::optional<key> edge_key;      // multi graphs: absent on add takes the next free integer, as NetworkX does; elsewhere the only edge
  std::vector<std::pair<std::string, value>> attributes;  // to set (null removes); for remove_*_attribute the names
  bool create_nodes = false;
};

struct edit_report {
  uint64_t duplicates = 0;          // adds that changed nothing
  std::string lossy_duplicate;      // describes the first add whose attributes differ from those kept, e.g. "node 'ann'"; empty: none
};

}  // namespace gli
