#pragma once
// The nodes of a graph on other partitions: docs/partitioning.md. All calls are collective, O(n + m), and hold the graph twice until they end.

#include <string>

#include "partitions/graph.h"
#include "runtime/communicator.h"

namespace gli {

/// `g` as `partitioner` deals its nodes out, each with the edges that leave it. All partitioners give each partition about as many rows, which are nodes
/// and edges: "hash" by the hashes of keys; "range" by sorted keys; "stream" by their neighbors (partitions/stream_owners.h). failure{value} for another one.
graph repartition(const graph& g, const std::string& partitioner, communicator& all);

/// `g` with each node where `like` has it, or would have it.
graph repartition_like(const graph& g, const graph& like, communicator& all);

}  // namespace gli
