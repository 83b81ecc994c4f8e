#pragma once
// Kronecker graphs after the Graph500 specification (A=0.57, B=C=0.19, edge factor 16), in batches.

#include "partitions/loaders/text.h"

namespace gli {

constexpr int kronecker_edge_factor = 16;

/// 2^scale nodes, edge_factor · 2^scale edges with int64 keys, vertex labels permuted; the same for the same seed. Batches go to
/// sink.edges. Columns source and target, in [0, 2^scale), and "_seq", from 1. Self-loops and repeated edges are among them, nodes without
/// an edge are not. Throws failure{value} when scale is not in 1 … 40 or edge_factor not in 1 … 1024.
void generate_kronecker(int scale, int edge_factor, uint64_t seed, const batch_sink& sink);

}  // namespace gli
