// Results that a store keeps for whoever asks the same again.
#include "bindings.h"
#include "callbacks.h"
#include "convert.h"
#include "partitions/catalog.h"
#include "partitions/embedded_store.h"
#include "records.h"
#include "runtime/error.h"
#include "storage/states.h"
#include "values_handle.h"

namespace gli::python {
namespace {

using storage::graph_store;

/// The values, for a graph of that graph_id; or None. Without a version: those that the algorithm would compute today.
std::optional<values_handle> find_result(embedded_store& store, const std::string& revision, std::string name, const py::dict& arguments, const graph& of,
                                         std::optional<uint32_t> version) {
  run_algorithm what{std::move(name), parameters_from(arguments)};
  return without_gil([&]() -> std::optional<values_handle> {
    auto info = version ? result_info{what.name, *version, what.arguments} : provenance_of(what);
    auto found = store.read_kept_result(store.resolve(revision).graph_id, info, of);
    if (!found) return {};
    return values_handle{std::make_shared<const node_values>(std::move(*found))};
  });
}

/// What is kept of that which the algorithm would compute today, as to_dict says it; or None.
py::object kept_today(const graph_store& store, const std::string& revision, std::string name, const py::dict& arguments) {
  run_algorithm what{std::move(name), parameters_from(arguments)};
  auto found = without_gil([&] { return store.find_result(store.resolve(revision).graph_id, provenance_of(what)); });
  return found ? py::object(to_dict(found->result.info)) : py::none();
}

/// Pages first, in one synced transaction; then the record.
void keep_result(graph_store& store, const std::string& revision, const values_handle& values) {
  without_gil([&] {
    auto commit = store.resolve(revision);
    hash128 root;
    store.pool(0).store([&](storage::content_pool::batch& batch) {
      root = write_values(*values.values, [&](const hash128& h) { return batch.has(h); },
                          [&](const hash128& h, std::span<const uint8_t> bytes) { batch.put(h, bytes); });
      return std::vector{root};
    });
    store.keep_result(commit.id, {values.values->provenance, {root}});
  });
}

py::list results_of(const graph_store& store, const std::string& graph_id) {
  auto id = hash_from_hex(graph_id);
  if (!id) throw failure{errc::value, "not a graph_id: " + graph_id};
  py::list result;
  for (auto& k : without_gil([&] { return store.results_of(*id); })) result.append(to_dict(k.result.info));
  return result;
}

}  // namespace

void bind_store_results(py::module_& m) {
  py::reinterpret_borrow<py::class_<embedded_store, graph_store, std::shared_ptr<embedded_store>>>(m.attr("Store"))
      .def("find_result", &find_result, py::arg("revision"), py::arg("name"), py::arg("arguments"), py::arg("of"), py::arg("version") = py::none())
      .def("kept_today", &kept_today, py::arg("revision"), py::arg("name"), py::arg("arguments"))
      .def("keep_result", &keep_result, py::arg("revision"), py::arg("values"))
      .def("results_of", &results_of, py::arg("graph_id"));
}

}  // namespace gli::python
