#pragma once
// The graph_id of a version, for what changes it by pieces. docs/graph-value.md, "Facts and graph_id".

#include "partitions/version.h"

namespace gli {

hash128 own_facts(const parameters& attributes);  // of a graph's own attributes

/// For version::identity() to find.
void note_identity(const version& v, const hash128& id);

}  // namespace gli
