#pragma once
// Which elements two versions can differ in: those that the operations between them are about. What differs at all is for the caller to see.

#include <optional>
#include <vector>

#include "partitions/version.h"

namespace gli {

/// Ids are those of both versions.
struct touched_elements {
  struct edge { int32_t source, target; key edge_key; };
  std::vector<int32_t> nodes;  // ascending, each once
  std::vector<edge> edges;     // by source, target and key, each once
  bool own_attributes = false;

  /// The nodes at the end of each version's insertion order that came since both parted, oldest first. Those before them that both have stand in one order.
  std::vector<int32_t> older_tail, newer_tail;
};

/// Nothing when the two have neither logs nor pages in common, as far as is known: what folding left behind may be gone. O(k log k) for k operations.
std::optional<touched_elements> touched_between(const version& older, const version& newer);

}  // namespace gli
