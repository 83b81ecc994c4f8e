#pragma once
// Kronecker graphs after the Graph500 specification (A=0.57, B=C=0.19, edge factor 16), in batches.

#include "partitions/loaders/text.h"

namespace gli {

/// 2^scale nodes, edge_factor · 2^scale edges with int64 keys, vertex labels permuted; the same for the same seed. Batches go to sink.edges.
void generate_kronecker(int scale, int edge_factor, uint64_t seed, const batch_sink& sink);

}  // namespace gli
