#pragma once
// Edges that end in another partition, as messages to the owners of their targets. Inside of transpose*.cpp only.

#include <vector>

#include "partitions/array_message.h"
#include "partitions/graph.h"

namespace gli {

/// Numbers beside the neighbor lists of a topology's pages.
using numbers_by_page = std::vector<std::vector<double>>;

/// From mirrors to own nodes, as a peer sent them: sources in its order of exchange, each one's targets in the order of its list.
struct peer_edges {
  std::vector<int32_t> sources, targets;
  std::vector<double> numbers;  // where they were sent along
};

/// Edges to nodes of one peer, in positions of the exchange orders: sources, how many edges each has, their targets; and numbers, if any are given.
byte_buffer edges_to_peer(const graph::body& b, const peer_mirrors& peer, const numbers_by_page* numbers = nullptr);
peer_edges edges_from_peer(const peer_mirrors& peer, const byte_buffer& message, bool with_numbers = false);  // failure{protocol}

}  // namespace gli
