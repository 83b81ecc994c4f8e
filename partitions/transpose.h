#pragma once
// Edges at their targets.

#include "partitions/graph.h"
#include "runtime/communicator.h"

namespace gli {

/// The in-topology that belongs to b.out: every edge at its target, those from other partitions through an exchange. Undirected self-loops stay
/// out of it. Reads b's out, size, mirrors and peers. Collective.
topology transpose_of(const graph::body& b, communicator& all);

}  // namespace gli
