#pragma once
// What neighbors give, combined, then an expression of it, in rounds: the common case of a program, without one (docs/programs.md).

#include "partitions/values.h"
#include "runtime/communicator.h"
#include "runtime/program.h"

namespace gli {

/// float64 for every node. Collective; the same failures on all partitions.
node_values run(const graph& g, const aggregate_neighbors& what, communicator& all);

}  // namespace gli
