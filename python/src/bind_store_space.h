#pragma once
#include "bindings.h"
#include "storage/states.h"

namespace gli::python {

/// Garbage collection, statistics and bundles of a store.
void bind_store_space(py::class_<storage::graph_store, std::shared_ptr<storage::graph_store>>& store);

}  // namespace gli::python
