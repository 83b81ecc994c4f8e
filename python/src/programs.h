#pragma once
// Programs and aggregates as python/gli/_programs.py describes them.

#include <pybind11/pybind11.h>

#include "runtime/program.h"

namespace gli::python {

namespace py = pybind11;

/// (name, [(column, type)], [(total, how)], message, combine, over, weight, max_rounds or None, arguments, code, python)
run_program program_from(const py::tuple& t);
/// (initial, give, update, reduce, over, weight, rounds or None, until or None)
aggregate_neighbors aggregate_from(const py::tuple& t);

}  // namespace gli::python
