#pragma once
// One number for each node, given with a question: the name of a node attribute, or keys with their numbers.

#include <vector>

#include "partitions/graph_view.h"
#include "runtime/communicator.h"
#include "runtime/value.h"

namespace gli {

/// By own id. `given`: text, the name of a column of numbers (nodes without one: 0); json, [[key, number], ...] (other nodes: 0); binary, the same of int keys:
/// all keys as int64, then all numbers as float64, little-endian; null: 1 each.
/// Numbers are finite and not negative. Collective: failure{key} naming the attribute or node that is missing, failure{type | value} beginning with `what`.
std::vector<double> node_weights(const graph& g, const value& given, const char* what, communicator& all);

}  // namespace gli
