#pragma once
// Which elements two versions can differ in: those that the operations between them are about. What differs at all is for the caller to see.

#include <optional>
#include <vector>

#include "partitions/version.h"

namespace gli {

/// Ids are those of both versions.
struct touched_elements {
  /// Positions of the first and the last of the operations on an element that lead from the older version to the newer one, where both are of one log;
  /// else zeros.
  struct operations { uint32_t first = 0, last = 0; };
  struct node { int32_t id; operations by; };
  struct edge { int32_t source, target; key edge_key; operations by; };
  std::vector<node> nodes;  // each once
  std::vector<edge> edges;  // each once
  bool own_attributes = false;
  const version_log* log = nullptr;  // of which the positions are

  /// The nodes at the end of each version's insertion order that came since both parted, oldest first. Those before them that both have stand in one order.
  std::vector<int32_t> older_tail, newer_tail;
};

/// Nothing when the two have neither logs nor pages in common, as far as is known: what folding left behind may be gone. O(k log k) for k operations, O(k) where they are of one log.
std::optional<touched_elements> touched_between(const version& older, const version& newer);

/// Nodes by id, edges by source, target and key.
void sort_by_id(touched_elements& touched);

}  // namespace gli
