#pragma once
// Python objects to GLI's values and back. Every function needs the GIL and throws pybind11's exceptions or failure{type | value}
// naming what cannot be converted.

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <vector>

#include "runtime/edit.h"
#include "runtime/expression.h"
#include "runtime/job.h"
#include "runtime/value.h"

namespace gli::python {

namespace py = pybind11;

/// None, bool, int, float, str, bytes, datetime (naive means UTC) and NumPy scalars as themselves; lists, tuples and dicts as json.
value value_from(py::handle object);
py::object to_object(const value& v);

/// int or str; bool is neither.
key key_from(py::handle object);
py::object to_object(const key& k);
std::optional<key> optional_key_from(py::handle object);  // None: nothing

parameters parameters_from(const py::dict& d);  // None is kept as null
py::dict to_dict(const parameters& p);

/// ("literal", value), ("node", name) or (operation, argument, ...), as gli.Expression.to_tuple() makes them.
expression expression_from(py::handle tuple);
std::optional<expression> optional_expression_from(py::handle tuple);

/// (operation, node, target, edge key, attributes or names, create_nodes), as python/gli/_edits.py makes them.
std::vector<edit> edits_from(const py::iterable& tuples);

key_type key_type_from(const std::string& name);  // "none", "int64", "str"
const char* name_of(key_type t);

}  // namespace gli::python
