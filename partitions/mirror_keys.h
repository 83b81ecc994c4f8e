#pragma once
// Keys of mirrors, as the owners of the nodes send them. Inside of mirror_keys.cpp and reshard.cpp only.

#include <vector>

#include "partitions/graph.h"

namespace gli {

/// Keys of the nodes that `peer` mirrors, in the order of the exchange with it.
byte_buffer keys_for_peer(const graph& g, uint32_t peer);

/// `g` with the keys of its mirrors, from what keys_for_peer gave at each peer (its own place is not looked at). failure{protocol}.
graph with_mirror_keys(const graph& g, const std::vector<byte_buffer>& from_peers);

}  // namespace gli
