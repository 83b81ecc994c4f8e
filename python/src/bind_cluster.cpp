#include "batches.h"
#include "bindings.h"
#include "callbacks.h"
#include "convert.h"
#include "loading.h"
#include "records.h"
#include "runtime/driver_client.h"
#include "runtime/error.h"

namespace gli::python {
namespace {

py::object call(driver_client& client, const request_body& body, double timeout, py::object progress = py::none()) {
  reporter report{std::move(progress)};
  auto answer =
      without_gil([&] { return client.call(body, timeout, [&](const progress_note& note) { report(note.what, note.done, note.total); }); });
  return to_object(answer);
}

// --- jobs: (name, argument, ...) as python/gli/_distributed.py makes them --------------------------------------------------------

job_body job_from(const py::tuple& t) {
  auto name = t[0].cast<std::string>();
  if (name == "finish_load") return finish_load{t[1].cast<handle>()};
  if (name == "run") return run_algorithm{t[1].cast<std::string>(), parameters_from(t[2].cast<py::dict>())};
  if (name == "select") return select_elements{optional_expression_from(t[1]), optional_expression_from(t[2])};
  if (name == "select_by_values") return select_by_values{t[1].cast<handle>(), t[2].cast<double>(), t[3].cast<double>()};
  if (name == "resolve_mirrors") return resolve_mirrors{};
  if (name == "identify") return identify{};
  if (name == "compare_graphs") return compare_graphs{t[1].cast<handle>()};
  throw failure{errc::value, "no job is called '" + name + "'"};
}

py::object run_job(driver_client& client, handle graph, const py::tuple& body, py::object progress) {
  job j;
  j.graph = graph;
  j.body = job_from(body);
  return call(client, j, 0, std::move(progress));
}

py::object begin_load(driver_client& client, bool directed, bool multi, const std::string& keys, bool endpoints_must_exist,
                      std::string origin, const std::string& duplicates, double timeout) {
  graph_kind kind{.directed = directed, .multi = multi, .keys = key_type_from(keys)};
  return call(client, load_begin{kind, endpoints_must_exist, std::move(origin), duplicates_from(duplicates)}, timeout);
}

py::object commit(driver_client& client, std::string store, handle graph, std::string message, std::string author, std::string branch,
                  std::vector<handle> results, py::object progress) {
  return call(client, commit_graph{std::move(store), graph, std::move(message), std::move(author), std::move(branch), std::move(results)},
              0, std::move(progress));
}

std::unique_ptr<driver_client> connect(std::string path, double timeout) {
  return without_gil([&] { return std::make_unique<driver_client>(std::move(path), timeout, check_signals); });
}

void bind_driver(py::module_& m) {
  py::class_<driver_client>(m, "DriverClient", "A connection to a coordinator; for one thread at a time.")
      .def(py::init(&connect), py::arg("path"), py::arg("timeout"))
      .def_property_readonly("cluster", [](const driver_client& c) { return c.peer().cluster; })
      .def_property_readonly("software", [](const driver_client& c) { return c.peer().software; })
      .def(
          "ping", [](driver_client& c, double timeout) { return call(c, ping{}, timeout); }, py::arg("timeout"))
      .def(
          "status", [](driver_client& c, double timeout) { return call(c, ask_status{}, timeout); }, py::arg("timeout"))
      .def("begin_load", &begin_load, py::arg("directed"), py::arg("multi"), py::arg("keys"), py::arg("endpoints_must_exist"),
           py::arg("origin"), py::arg("duplicates"), py::arg("timeout"))
      .def("job", &run_job, py::arg("graph"), py::arg("body"), py::arg("progress") = py::none())
      .def(
          "release",
          [](driver_client& c, std::vector<handle> all, double timeout) { return call(c, release_handles{std::move(all)}, timeout); },
          py::arg("handles"), py::arg("timeout"))
      .def("commit", &commit, py::arg("store"), py::arg("graph"), py::arg("message"), py::arg("author"), py::arg("branch"),
           py::arg("results"), py::arg("progress") = py::none())
      .def(
          "history",
          [](driver_client& c, std::string store, std::string revision, uint32_t limit) {
            return call(c, ask_history{std::move(store), std::move(revision), limit}, 0);
          },
          py::arg("store"), py::arg("revision"), py::arg("limit"))
      .def(
          "checkout",
          [](driver_client& c, std::string store, std::string revision, int32_t result, handle graph, py::object progress) {
            return call(c, checkout{std::move(store), std::move(revision), result, graph}, 0, std::move(progress));
          },
          py::arg("store"), py::arg("revision"), py::arg("result"), py::arg("graph"), py::arg("progress") = py::none())
      .def(
          "create_branch",
          [](driver_client& c, std::string store, std::string name, std::string from) {
            return call(c, create_branch{std::move(store), std::move(name), std::move(from)}, 0);
          },
          py::arg("store"), py::arg("name"), py::arg("from_revision"))
      .def(
          "shutdown", [](driver_client& c, double timeout) { return call(c, shutdown_cluster{}, timeout); }, py::arg("timeout"));
}

// --- workers ---------------------------------------------------------------------------------------------------------------------

std::unique_ptr<worker_client> connect_worker(std::string path, std::string cluster) {
  return without_gil([&] { return std::make_unique<worker_client>(std::move(path), std::move(cluster), check_signals); });
}

batches ask(worker_client& worker, std::string name, handle graph, handle values, handle other, const py::dict& arguments) {
  query q{std::move(name), graph, values, other, parameters_from(arguments)};
  return without_gil([&] { return batches{worker.ask(q)}; });
}

}  // namespace

void bind_cluster(py::module_& m) {
  bind_driver(m);
  py::class_<worker_client>(m, "WorkerClient", "A connection to a worker; for one thread at a time.")
      .def(py::init(&connect_worker), py::arg("path"), py::arg("cluster"))
      .def("ask", &ask, py::arg("name"), py::arg("graph"), py::arg("values"), py::arg("other"), py::arg("arguments"));
}

}  // namespace gli::python
