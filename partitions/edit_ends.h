#pragma once
// What edits name, looked up some edits before they are made, or by another thread meanwhile. Inside of version*.cpp and patch.cpp only.

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "partitions/version.h"

namespace gli {

/// The nodes of an edit by id, there or not; -1: their keys were not known then. Of an edge to be added to a simple graph also whether the pages have it.
struct edit_ends {
  int32_t source = -1, target = -1;
  std::optional<bool> in_pages;
};

/// Those of edits of versions of a graph, whose keys are `keys` (null: it has none). Any thread, while others edit such versions. Reads are fetched ahead in
/// three steps: where the dictionary has a key; where the pages say where the node's neighbors are; the neighbors.
void look_up(std::span<const edit> edits, const graph& pages, const dictionary* keys, std::span<edit_ends> ends);

/// Edits and what was looked up for them in the pages of a version.
struct looked_up_edits {
  std::vector<edit> edits;
  std::vector<edit_ends> ends;
  graph pages;

  void look_up(const version& at);
  version apply_to(const version& v, edit_report& report) const;  // version::apply; of `at` or one made of it
};

}  // namespace gli
