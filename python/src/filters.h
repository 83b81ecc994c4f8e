#pragma once
// Filters written in Python, called once for each row.

#include <pybind11/pybind11.h>

#include "partitions/graph.h"

namespace gli::python {

/// Keeps the nodes for which nodes(key, attributes) and the edges for which edges(source, target, attributes) are true; None keeps all.
/// Whole graphs only. Called with the GIL held; the filters run in this thread, one row at a time.
graph filter_rows(const graph& g, const pybind11::object& nodes, const pybind11::object& edges);

}  // namespace gli::python
