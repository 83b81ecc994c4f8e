#pragma once
// Restriction by bitmaps: what filters give (partitions/evaluate.h), and what graph.h's restrict_to makes of its functions.

#include <vector>

#include "partitions/graph.h"

namespace gli {

/// What stays; null: everything. Bits past the end are not looked at.
struct kept_elements {
  const std::vector<uint64_t>* nodes = nullptr;               // by own id
  const std::vector<std::vector<uint64_t>>* edges = nullptr;  // by out-page, by row of the page; those of dropped nodes go in any case
};

/// Collective, in parallel. Untouched pages, ids and the dictionary are shared with `g`.
graph restrict_to(const graph& g, const kept_elements& kept, communicator& all);

}  // namespace gli
