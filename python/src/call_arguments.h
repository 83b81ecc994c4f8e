#pragma once
// What a call of a native method was given: positional arguments and keywords, keys, attributes. Errors are failure{type} or Python's own.

#include <pybind11/pybind11.h>

#include <boost/container/small_vector.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "partitions/version.h"

namespace gli::python {

namespace py = pybind11;

using call_attributes = boost::container::small_vector<std::pair<std::string, value>, 4>;
inline std::span<const std::pair<std::string, value>> span_of(const call_attributes& given) { return {given.data(), given.size()}; }

/// The positional arguments and keywords of one call.
struct call_arguments {
  PyObject* const* all;
  Py_ssize_t positional;
  PyObject* names;  // tuple of str, or null

  Py_ssize_t keywords() const { return names ? PyTuple_GET_SIZE(names) : 0; }
  std::string_view name(Py_ssize_t i) const {
    Py_ssize_t size = 0;
    auto text = PyUnicode_AsUTF8AndSize(PyTuple_GET_ITEM(names, i), &size);
    if (!text) throw py::error_already_set{};
    return {text, size_t(size)};
  }
  py::handle keyword(Py_ssize_t i) const { return all[positional + i]; }
};

[[noreturn]] void refuse_positional(const call_arguments& a, const char* call, Py_ssize_t least, Py_ssize_t most);
inline void expect_positional(const call_arguments& a, const char* call, Py_ssize_t least, Py_ssize_t most) {
  if (a.positional < least || a.positional > most) refuse_positional(a, call, least, most);
}

/// A key where it lies: its text stays as long as the object.
key_view view_of(PyObject* object);

call_attributes node_attributes_of(const call_arguments& a);

/// What edits of edges take: key and create_nodes apart from the attributes.
struct edge_arguments {
  PyObject* key = nullptr;
  bool create_nodes = false;
  call_attributes given;
};
edge_arguments edge_arguments_of(const call_arguments& a, bool may_create);

}  // namespace gli::python
