#pragma once
// The parts of the module gli._core, one file each. python/gli/_core.pyi says what Python sees.

#include <pybind11/pybind11.h>

namespace gli::python {

namespace py = pybind11;

void bind_errors(py::module_& m);
void bind_batches(py::module_& m);  // before whatever returns batches
void bind_graph(py::module_& m);
void bind_rows(py::module_& m);
void bind_node_values(py::module_& m);
void bind_loading(py::module_& m);
void bind_bulk(py::module_& m);  // after graphs and loading
void bind_merge(py::module_& m);  // after graphs
void bind_store(py::module_& m);
void bind_store_space(py::module_& m);    // after bind_store
void bind_store_results(py::module_& m);  // after bind_store
void bind_programs(py::module_& m);  // after graphs and node values
void bind_cluster(py::module_& m);

}  // namespace gli::python
