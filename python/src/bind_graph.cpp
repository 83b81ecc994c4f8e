#include "batches.h"
#include "bindings.h"
#include "callbacks.h"
#include "convert.h"
#include "filters.h"
#include "partitions/catalog.h"
#include "partitions/compare.h"
#include "partitions/query.h"
#include "runtime/error.h"
#include "values_handle.h"

namespace gli::python {
namespace {

graph make_empty(bool directed, bool multi) { return graph{graph_kind{.directed = directed, .multi = multi}}; }

py::tuple apply_edits(const graph& g, const py::iterable& tuples) {
  auto edits = edits_from(tuples);
  edit_report report;
  auto result = without_gil([&] { return apply(g, edits, report); });
  return py::make_tuple(std::move(result), report.duplicates, report.lossy_duplicate);
}

values_handle run_named(const graph& g, std::string name, const py::dict& arguments, py::object progress) {
  run_algorithm what{std::move(name), parameters_from(arguments)};
  reporter report{std::move(progress)};
  embedded alone{report};
  return without_gil([&] { return values_handle{std::make_shared<const node_values>(run(g, what, alone))}; });
}

graph select_by_expression(const graph& g, py::object nodes, py::object edges, py::object progress) {
  select_elements what{optional_expression_from(nodes), optional_expression_from(edges)};
  reporter report{std::move(progress)};
  embedded alone{report};
  return without_gil([&] { return select(g, what, alone); });
}

graph select_by_result(const graph& g, const values_handle& values, double low, double high) {
  return without_gil([&] {
    solo alone;
    return select(g, *values.values, low, high, alone);
  });
}

batches ask(const graph& g, std::string name, const py::dict& arguments, const values_handle* values, const values_handle* other) {
  query q;
  q.name = std::move(name);
  q.arguments = parameters_from(arguments);
  return without_gil([&] {
    batches result;
    result.parts.push_back(answer(q, &g, pointer(values), pointer(other)));
    return result;
  });
}

std::string identity_text(const graph& g) {
  return without_gil([&] {
    solo alone;
    return to_hex(identity_of(g, alone));
  });
}

bool has_node(const graph& g, py::handle k) { return find_node(g, key_from(k)).has_value(); }

int32_t existing_node(const graph& g, const key& k) {
  if (auto v = find_node(g, k)) return *v;
  throw failure{errc::key, "Node " + to_string(k) + " not found"};
}

py::dict node(const graph& g, py::handle k) { return to_dict(node_attributes(g, existing_node(g, key_from(k)))); }

/// Where the edges between two keys lie: the stored source and its slots.
struct found_edges {
  int32_t source;
  uint32_t first, last;
};

std::optional<found_edges> edges_between(const graph& g, const key& from, const key& to) {
  auto u = find_node(g, from), v = find_node(g, to);
  if (!u || !v) return {};
  if (auto slots = find_edges(g, *u, *v)) return found_edges{*u, slots->first, slots->second};
  if (!g->kind.directed)
    if (auto slots = find_edges(g, *v, *u)) return found_edges{*v, slots->first, slots->second};
  return {};
}

bool has_edge(const graph& g, py::handle u, py::handle v) { return edges_between(g, key_from(u), key_from(v)).has_value(); }

/// [(edge key or None, attributes)]; empty when there is none.
py::list edge(const graph& g, py::handle u, py::handle v) {
  py::list result;
  auto found = edges_between(g, key_from(u), key_from(v));
  if (!found) return result;
  for (auto slot = found->first; slot < found->last; ++slot) {
    auto k = edge_key(g, found->source, slot);
    result.append(py::make_tuple(k ? to_object(*k) : py::none(), to_dict(edge_attributes(g, found->source, slot))));
  }
  return result;
}

py::dict compare_with(const graph& newer, const graph& older) {
  return to_dict(without_gil([&] {
    solo alone;
    return compare(older, newer, alone);
  }));
}

batches differences(const graph& newer, const graph& older, int64_t limit) {
  return without_gil([&] { return batches{{list_differences(older, newer, limit)}}; });
}

py::dict memory(const graph& g) {
  py::dict result;
  for (auto& [name, bytes] : memory_usage(g)) result[py::str(name)] = bytes;
  return result;
}

}  // namespace

void bind_graph(py::module_& m) {
  py::class_<graph>(m, "Graph", "An immutable graph that is whole in this process.")
      .def(py::init(&make_empty), py::arg("directed") = true, py::arg("multi") = false)
      .def_property_readonly("directed", [](const graph& g) { return g->kind.directed; })
      .def_property_readonly("multi", [](const graph& g) { return g->kind.multi; })
      .def_property_readonly("key_type", [](const graph& g) { return name_of(g->kind.keys); })
      .def_property_readonly("nodes", [](const graph& g) { return g->total_nodes; })
      .def_property_readonly("edges", [](const graph& g) { return g->total_edges; })
      .def_property_readonly("attributes", [](const graph& g) { return to_dict(g->attributes); })
      .def("apply", &apply_edits, py::arg("edits"))
      .def("run", &run_named, py::arg("name"), py::arg("arguments"), py::arg("progress") = py::none())
      .def("select", &select_by_expression, py::arg("nodes"), py::arg("edges"), py::arg("progress") = py::none())
      .def("select_by_values", &select_by_result, py::arg("values"), py::arg("low"), py::arg("high"))
      .def("filter_rows", &filter_rows, py::arg("nodes"), py::arg("edges"))
      .def("answer", &ask, py::arg("name"), py::arg("arguments"), py::arg("values") = nullptr, py::arg("other") = nullptr)
      .def("identity", &identity_text)
      .def("has_node", &has_node, py::arg("key"))
      .def("node", &node, py::arg("key"))
      .def("has_edge", &has_edge, py::arg("source"), py::arg("target"))
      .def("edge", &edge, py::arg("source"), py::arg("target"))
      .def("compare", &compare_with, py::arg("older"))
      .def("differences", &differences, py::arg("older"), py::arg("limit"))
      .def("memory_usage", &memory);
  m.def("algorithm_names", &algorithm_names);
  m.def(
      "owner_of", [](py::handle k, uint32_t partitions) { return owner_of(key_hash(key_from(k)), partitions); }, py::arg("key"),
      py::arg("partitions"));
}

}  // namespace gli::python
