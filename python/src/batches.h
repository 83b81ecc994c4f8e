#pragma once
// Column batches to and from Arrow capsules.

#include <pybind11/pybind11.h>

#include <functional>
#include <optional>
#include <vector>

#include "partitions/shared_columns.h"

namespace gli::python {

namespace py = pybind11;

/// What a query answers: an object with __arrow_c_stream__, read once.
struct batches {
  std::vector<column_batch> parts;
  std::optional<shared_table> table;  // instead of parts
};

/// Calls `visit` with each batch of an object that has __arrow_c_stream__. Called with the GIL held; `visit` runs without it.
void for_each_batch(const py::object& stream, const std::function<void(const column_batch&)>& visit);

}  // namespace gli::python
