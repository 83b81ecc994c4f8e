#pragma once
// Filters written in Python, called once for each row.

#include <pybind11/pybind11.h>

#include <optional>
#include <vector>

#include "partitions/graph.h"

namespace gli::python {

using node_bits = std::vector<uint64_t>;               // by own id
using edge_bits = std::vector<std::vector<uint64_t>>;  // by out-page, by row

/// The nodes for which filter(key, attributes) is true, and the edges for which filter(source, target, attributes) is; `among`: the only rows
/// that are asked about (null: all). An edge needs both its ends in `nodes` too. Called with the GIL held; the filters run in this thread.
node_bits nodes_where(const graph& g, const pybind11::object& filter, const node_bits* among);
edge_bits edges_where(const graph& g, const pybind11::object& filter, const node_bits* nodes, const edge_bits* among);

/// Keeps the nodes and edges for which the filters are true; None keeps all. Whole graphs only.
graph filter_rows(const graph& g, const pybind11::object& nodes, const pybind11::object& edges);

}  // namespace gli::python
