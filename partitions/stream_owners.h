#pragma once
// Owners of nodes that are chosen by their neighbors' in the order of insertion: linear deterministic greedy [Stanton, Kliot 2012], streamed several times
// over [Nishimura, Ugander 2013]. The first owners are chunks of the stream.

#include "partitions/graph_view.h"
#include "runtime/communicator.h"

namespace gli {

/// What a node takes where it is owned: itself and the edges that leave it.
inline uint64_t rows_of(const graph_view& g, int32_t v) { return 1 + g.out(v).size(); }

/// Of own nodes. A node goes to the partition p that has the most of its neighbors, each counted as 1 - rows of p / capacity, among those with room; the
/// capacity is 1/32 more rows than an even share. Partitions stream their own nodes at the same time, an eighth of them between two exchanges, and take
/// it that others place what they place. Ends when a stream cuts less than 1% fewer edges than the best before, or after 10. The same owners for any
/// number of threads, others for another number of partitions. Collective; O(m) a stream.
vertex_array<uint32_t> stream_owners(const graph& g, communicator& all);

}  // namespace gli
