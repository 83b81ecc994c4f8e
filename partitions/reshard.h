#pragma once
// The nodes and edges of a graph brought to other partitions: of one that another number of them stored, or where somebody chose.

#include <vector>

#include "partitions/graph.h"
#include "partitions/graph_view.h"
#include "runtime/communicator.h"

namespace gli {

/// Which of `ranks` ranks reads a stored partition: one that owns some of its keys.
constexpr uint32_t reader_of(uint32_t partition, uint32_t stored, uint32_t ranks) { return uint32_t(uint64_t{partition} * ranks / stored); }

/// Partition all.rank() of the graph. `parts`: those of its `stored` partitions that reader_of gives this rank, in order. Nodes and edges go to the
/// owners of their keys, a bounded number at a time; insertion order, edge keys, attributes and graph_id are as they were, ids and mirrors are not.
/// Collective; O(n + m). failure{corrupt} when the partitions do not belong together.
graph reshard(std::vector<graph> parts, uint32_t stored, communicator& all);

/// The same of a graph in all.size() partitions, whose live nodes go where `to` says, of own nodes and mirrors; its `owners` are still to be set.
graph moved(const graph& g, const vertex_array<uint32_t>& to, communicator& all);

}  // namespace gli
