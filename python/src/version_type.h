#pragma once
// gli._core.Version: the base of gli.Graph, an edit or a question of which costs a call of a C function and no more.
//
// An object holds a version, or the pages of a graph (gli._core.Graph), or both; each is made from the other when it is asked for. Needs the GIL.

#include <pybind11/pybind11.h>

namespace gli::python {

namespace py = pybind11;

void bind_version(py::module_& m);  // after gli._core.Graph

}  // namespace gli::python
