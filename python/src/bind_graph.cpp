#include "batches.h"
#include "bindings.h"
#include "callbacks.h"
#include "convert.h"
#include "filters.h"
#include "partitions/catalog.h"
#include "partitions/dictionary.h"
#include "partitions/paths_between.h"
#include "partitions/query.h"
#include "partitions/restrict.h"
#include "partitions/subgraphs.h"
#include "runtime/error.h"
#include "values_handle.h"
#include "version_type.h"

namespace gli::python {
namespace {

graph make_empty(bool directed, bool multi) { return graph{graph_kind{.directed = directed, .multi = multi}}; }

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

graph truss_of(const graph& g, uint64_t k, py::object progress) {
  reporter report{std::move(progress)};
  embedded alone{report};
  return without_gil([&] { return k_truss(g, k, alone); });
}

graph forest_of(const graph& g, const py::object& weight, py::object progress) {
  auto name = weight.is_none() ? std::optional<std::string>{} : weight.cast<std::string>();
  reporter report{std::move(progress)};
  embedded alone{report};
  return without_gil([&] { return spanning_forest(g, name, alone); });
}

/// (the keys of its nodes, its length), or None.
py::object path_of(const graph& g, const py::object& source, const py::object& target, const py::object& weight, py::object progress) {
  auto from = key_from(source), to = key_from(target);
  auto name = weight.is_none() ? std::optional<std::string>{} : weight.cast<std::string>();
  reporter report{std::move(progress)};
  embedded alone{report};
  auto found = without_gil([&] { return shortest_path_between(g, from, to, name, alone); });
  if (!found) return py::none();
  py::list nodes;
  for (auto v : found->nodes) nodes.append(to_object(g->keys->key_of(v)));
  return py::make_tuple(nodes, found->length);
}

/// Seconds of Python's time.monotonic(), which is this clock; None for none.
py::object deadline_seconds() {
  if (!deadline) return py::none();
  return py::float_(std::chrono::duration<double>(deadline->time_since_epoch()).count());
}
void set_deadline(const py::object& seconds) {
  deadline.reset();
  if (!seconds.is_none())
    deadline.emplace(std::chrono::duration_cast<deadline_clock::duration>(std::chrono::duration<double>{seconds.cast<double>()}));
}

/// The nodes that are there among the keys, and the edges between them.
graph subgraph(const graph& g, const py::list& keys) {
  std::vector<uint64_t> bits((size_t(g->size) + 63) / 64);
  for (auto k : keys)
    if (auto v = find_node(g, key_from(k))) bits[size_t(*v) >> 6] |= uint64_t{1} << (*v & 63);
  return without_gil([&] {
    solo alone;
    return restrict_to(g, kept_elements{&bits, nullptr}, alone);
  });
}

graph select_by_result(const graph& g, const values_handle& values, double low, double high) {
  return without_gil([&] {
    solo alone;
    return select(g, *values.values, low, high, alone);
  });
}

graph keep_values(const graph& g, const std::string& name, const values_handle& values) {
  return without_gil([&] { return with_values(g, name, *values.values); });
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

py::dict memory(const graph& g) {
  py::dict result;
  for (auto& [name, bytes] : memory_usage(g)) result[py::str(name)] = bytes;
  return result;
}

}  // namespace

void bind_graph(py::module_& m) {
  py::class_<graph>(m, "Graph", "An immutable graph that is whole in this process.")
      .def(py::init(&make_empty), py::arg("directed") = true, py::arg("multi") = false)
      .def("run", &run_named, py::arg("name"), py::arg("arguments"), py::arg("progress") = py::none())
      .def("select", &select_by_expression, py::arg("nodes"), py::arg("edges"), py::arg("progress") = py::none())
      .def("k_truss", &truss_of, py::arg("k"), py::arg("progress") = py::none())
      .def("spanning_forest", &forest_of, py::arg("weight"), py::arg("progress") = py::none())
      .def("path_between", &path_of, py::arg("source"), py::arg("target"), py::arg("weight"), py::arg("progress") = py::none())
      .def("subgraph", &subgraph, py::arg("keys"))
      .def("select_by_values", &select_by_result, py::arg("values"), py::arg("low"), py::arg("high"))
      .def("with_values", &keep_values, py::arg("name"), py::arg("values"))
      .def("filter_rows", &filter_rows, py::arg("nodes"), py::arg("edges"))
      .def("answer", &ask, py::arg("name"), py::arg("arguments"), py::arg("values") = nullptr, py::arg("other") = nullptr)
      .def("identity", &identity_text)
      .def("memory_usage", &memory);
  bind_version(m);
  m.def("algorithm_names", &algorithm_names);
  m.def("deadline", &deadline_seconds);
  m.def("set_deadline", &set_deadline, py::arg("seconds"));
  m.def(
      "owner_of", [](py::handle k, uint32_t partitions) { return owner_of(key_hash(key_from(k)), partitions); }, py::arg("key"),
      py::arg("partitions"));
}

}  // namespace gli::python
