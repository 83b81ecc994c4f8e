#include "bindings.h"
#include "convert.h"
#include "values_handle.h"

namespace gli::python {

void bind_node_values(py::module_& m) {
  py::class_<values_handle>(m, "NodeValues", "What an algorithm answered, one value for each node.")
      .def_property_readonly("graph", [](const values_handle& h) { return h.values->of; })
      .def_property_readonly("algorithm", [](const values_handle& h) { return h.values->provenance.algorithm; })
      .def_property_readonly("version", [](const values_handle& h) { return h.values->provenance.version; })
      .def_property_readonly("arguments", [](const values_handle& h) { return to_dict(h.values->provenance.arguments); })
      .def_property_readonly("summary", [](const values_handle& h) { return to_dict(h.values->summary); })
      .def_property_readonly("type", [](const values_handle& h) { return type_name(h.values->data.type); });
}

}  // namespace gli::python
