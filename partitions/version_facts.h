#pragma once
// Facts of single elements, as the graph_id counts them, for what changes it by pieces. docs/graph-value.md, "Facts and graph_id".

#include "partitions/touched.h"
#include "partitions/version.h"

namespace gli {

/// Of a node or edge that is there, with its attributes.
hash128 facts_of_node(const version& v, int32_t node, const parameters& attributes);
hash128 facts_of_edge(const version& v, const touched_elements::edge& e, const parameters& attributes);
hash128 own_facts(const parameters& attributes);  // the graph's

/// For version::identity() to find.
void note_identity(const version& v, const hash128& id);

}  // namespace gli
