#pragma once
// Replies and records as Python dictionaries.

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "runtime/codec.h"

namespace gli::python {

namespace py = pybind11;

py::dict to_dict(const worker_info& w);
py::dict to_dict(const failed_job& f);
py::dict to_dict(const submitted_job& j);
py::dict to_dict(const call_info& c);
py::dict to_dict(const result_info& r);
py::dict to_dict(const commit_info& c);
py::object to_object(const reply& r);  // done: None; failure is thrown before

}  // namespace gli::python
