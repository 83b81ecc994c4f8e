#include "call_arguments.h"

#include "convert.h"
#include "runtime/error.h"

namespace gli::python {

namespace {

void check_attribute(std::string_view name, bool of_node) {
  bool fine = !name.starts_with('_') && (of_node ? name != "id" : name != "source" && name != "target" && name != "key");
  if (!fine) py::module_::import("gli._checks").attr("attribute_name")(py::str(name.data(), name.size()), of_node ? "node" : "edge");
}

bool truth(py::handle object) {
  auto x = PyObject_IsTrue(object.ptr());
  if (x < 0) throw py::error_already_set{};
  return x;
}

void given_once(const call_arguments& a, Py_ssize_t place, const char* name) {
  if (a.positional > place) throw failure{errc::type, std::string{"got multiple values for argument '"} + name + "'"};
}

}  // namespace

void refuse_positional(const call_arguments& a, const char* call, Py_ssize_t least, Py_ssize_t most) {
  auto wanted = least == most ? std::to_string(least) : "from " + std::to_string(least) + " to " + std::to_string(most);
  throw failure{errc::type, std::string{call} + "() takes " + wanted + " positional argument" + (most == 1 ? "" : "s") + " but " +
                                std::to_string(a.positional) + (a.positional == 1 ? " was given" : " were given")};
}

key_view view_of(PyObject* object) {
  if (PyUnicode_CheckExact(object)) {
    Py_ssize_t size = 0;
    auto text = PyUnicode_AsUTF8AndSize(object, &size);
    if (!text) throw py::error_already_set{};
    return std::string_view{text, size_t(size)};
  }
  if (PyLong_CheckExact(object)) {
    int overflow = 0;
    auto x = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (!overflow) return int64_t{x};
  }
  auto k = key_from(object);
  if (auto number = std::get_if<int64_t>(&k)) return *number;
  Py_ssize_t size = 0;
  auto text = PyUnicode_AsUTF8AndSize(object, &size);
  if (!text) throw py::error_already_set{};
  return std::string_view{text, size_t(size)};
}

call_attributes node_attributes_of(const call_arguments& a) {
  call_attributes given;
  for (Py_ssize_t i = 0; i < a.keywords(); ++i) {
    auto name = a.name(i);
    check_attribute(name, true);
    given.emplace_back(name, value_from(a.keyword(i)));
  }
  return given;
}

edge_arguments edge_arguments_of(const call_arguments& a, bool may_create) {
  edge_arguments e;
  if (a.positional > 2 && a.all[2] != Py_None) e.key = a.all[2];
  if (a.positional > 3) e.create_nodes = truth(a.all[3]);
  for (Py_ssize_t i = 0; i < a.keywords(); ++i) {
    auto name = a.name(i);
    if (name == "key") {
      given_once(a, 2, "key");
      e.key = a.keyword(i).is_none() ? nullptr : a.keyword(i).ptr();
    } else if (may_create && name == "create_nodes") {
      given_once(a, 3, "create_nodes");
      e.create_nodes = truth(a.keyword(i));
    } else {
      check_attribute(name, false);
      e.given.emplace_back(name, value_from(a.keyword(i)));
    }
  }
  return e;
}

}  // namespace gli::python
