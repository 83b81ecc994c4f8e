#pragma once
// One edit of a graph, as data. Batches of them are applied together: partitions/graph.h, apply().

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
