#pragma once
// Edges at their targets.

#include "partitions/graph.h"
#include "partitions/peer_edges.h"
#include "runtime/communicator.h"

namespace gli {

/// The in-topology that belongs to b.out: every edge at its target, those from other partitions through an exchange. Undirected self-loops stay
/// out of it. Reads b's out, size, mirrors and peers. Collective.
topology transpose_of(const graph::body& b, communicator& all);

/// Numbers beside the out-lists, as numbers beside the lists of b.in. Collective; O(m).
numbers_by_page transpose_numbers(const graph::body& b, const numbers_by_page& out, communicator& all);

}  // namespace gli
