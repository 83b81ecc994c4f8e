#pragma once
// gli._core.Version: the base of gli.Graph, an edit or a question of which costs a call of a C function and no more.
//
// An object holds a version, or the pages of a graph (gli._core.Graph), or both; each is made from the other when it is asked for. Needs the GIL.

#include <pybind11/pybind11.h>

#include "partitions/version.h"

namespace gli::python {

namespace py = pybind11;

/// The version that an object of this type (gli.Graph) holds; failure{type} for any other.
const version& version_from(py::handle object);
/// A new object of `type`, a subclass of this one.
py::object graph_from(const py::type& type, version v);

void bind_version(py::module_& m);  // after gli._core.Graph

}  // namespace gli::python
