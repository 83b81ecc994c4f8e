#include "batches.h"
#include "bindings.h"
#include "callbacks.h"
#include "convert.h"
#include "loading.h"
#include "merging.h"
#include "programs.h"
#include "records.h"
#include "runtime/driver_client.h"
#include "runtime/error.h"
#include "runtime/host.h"
#include "runtime/private_folder.h"
#include "runtime/tls_bridge.h"

namespace gli::python {
namespace {

py::object call(driver_client& client, const request_body& body, double timeout, py::object progress = py::none()) {
  reporter report{std::move(progress)};
  auto answer =
      without_gil([&] { return client.call(body, timeout, [&](const progress_note& note) { report(note.what, note.done, note.total, note.detail, note.bytes); }); });
  return to_object(answer);
}

// --- jobs: (name, argument, ...) as python/gli/_distributed.py makes them --------------------------------------------------------

/// Edits that travel together.
struct edit_list { std::vector<edit> edits; };

uint64_t bytes_of(const value& v) {
  if (auto x = std::get_if<std::string>(&v)) return 16 + x->size();
  if (auto x = std::get_if<binary>(&v)) return 16 + x->bytes.size();
  if (auto x = std::get_if<json>(&v)) return 16 + x->text.size();
  return 16;
}

/// About what it takes in a message.
uint64_t bytes_of(const edit& e) {
  auto bytes = 128 + bytes_of(to_value(e.node)) + bytes_of(to_value(e.target));
  for (auto& [name, v] : e.attributes) bytes += 32 + name.size() + bytes_of(v);
  return bytes;
}

/// In as few lists as one job can carry.
std::vector<edit_list> edit_lists(const py::iterable& tuples) {
  constexpr uint64_t bytes_at_once = 4u << 20;
  std::vector<edit_list> lists;
  uint64_t bytes = bytes_at_once;
  for (auto& e : edits_from(tuples)) {
    auto more = bytes_of(e);
    if (bytes + more > bytes_at_once) {
      lists.emplace_back();
      bytes = 0;
    }
    bytes += more;
    lists.back().edits.push_back(std::move(e));
  }
  return lists;
}

/// (base, theirs, choices, side of the others, whether to tell the conflicts)
merge_graphs merge_from(const py::tuple& t) {
  merge_graphs m{t[1].cast<handle>(), t[2].cast<handle>(), {}, choice_from(t[4]).take, t[5].cast<bool>()};
  for (auto answer : t[3]) m.choices.push_back(choice_from(answer));
  return m;
}

/// ((directed, multi, keys, endpoints_must_exist, origin, duplicates), [(what, options), …])
read_sources sources_from(const py::tuple& t) {
  auto load = t[1].cast<py::tuple>();
  read_sources r{kind_from(load[0].cast<bool>(), load[1].cast<bool>(), load[2].cast<std::string>()), load[3].cast<bool>(),
                 load[4].cast<std::string>(), duplicates_from(load[5].cast<std::string>()), {}};
  for (auto item : t[2]) {
    auto [what, options] = item.cast<std::pair<std::string, py::dict>>();
    r.sources.push_back(source_from(what, options));
  }
  return r;
}

job_body job_from(const py::tuple& t) {
  auto name = t[0].cast<std::string>();
  if (name == "finish_load") return finish_load{t[1].cast<handle>()};
  if (name == "run") return run_algorithm{t[1].cast<std::string>(), parameters_from(t[2].cast<py::dict>())};
  if (name == "select") return select_elements{optional_expression_from(t[1]), optional_expression_from(t[2])};
  if (name == "select_by_values") return select_by_values{t[1].cast<handle>(), t[2].cast<double>(), t[3].cast<double>()};
  if (name == "with_values") return assign_values{t[1].cast<handle>(), t[2].cast<std::string>()};
  if (name == "resolve_mirrors") return resolve_mirrors{};
  if (name == "repartition") return repartition_graph{t[1].cast<std::string>(), t[2].cast<handle>()};
  if (name == "identify") return identify{};
  if (name == "edit") return edit_graph{t[1].cast<const edit_list&>().edits};
  if (name == "add_rows") return add_rows{t[1].cast<handle>(), t[2].cast<bool>()};
  if (name == "merge") return merge_from(t);
  if (name == "read_sources") return sources_from(t);
  if (name == "compare_graphs") return compare_graphs{t[1].cast<handle>()};
  if (name == "program") return program_from(t[1].cast<py::tuple>());
  if (name == "aggregate") return aggregate_from(t[1].cast<py::tuple>());
  throw failure{errc::value, "no job is called '" + name + "'"};
}

/// timeout 0: as long as it takes.
py::object run_job(driver_client& client, handle graph, const py::tuple& body, py::object progress, double timeout) {
  job j;
  j.graph = graph;
  j.body = job_from(body);
  return call(client, j, timeout, std::move(progress));
}

py::object begin_load(driver_client& client, bool directed, bool multi, const std::string& keys, bool endpoints_must_exist,
                      std::string origin, const std::string& duplicates, handle rows_of, double timeout) {
  graph_kind kind{.directed = directed, .multi = multi, .keys = key_type_from(keys)};
  return call(client, load_begin{kind, endpoints_must_exist, std::move(origin), duplicates_from(duplicates), rows_of}, timeout);
}

py::object commit(driver_client& client, std::string store, handle graph, std::string message, std::string author, std::string branch,
                  std::vector<handle> results, std::string seen, std::vector<std::string> merged, bool begins_part, py::object progress) {
  return call(client, commit_graph{std::move(store), graph, std::move(message), std::move(author), std::move(branch), std::move(results), std::move(seen),
                                   std::move(merged), begins_part},
              0, std::move(progress));
}

py::object submit(driver_client& client, uint64_t token, std::string name, const std::string& kind, std::string program, std::vector<std::string> arguments,
                  std::string directory, std::string imports, std::string python, bool detached, double timeout) {
  submission s{token,
               std::move(name),
               kind == "script" ? submission::kind::script : submission::kind::function,
               std::move(program),
               std::move(arguments),
               std::move(directory),
               std::move(imports),
               std::move(python),
               detached};
  check(s);
  return call(client, s, timeout);
}

std::unique_ptr<driver_client> connect(std::string address, double timeout, std::shared_ptr<tls_bridge> bridge) {
  return without_gil([&] { return std::make_unique<driver_client>(std::move(address), timeout, check_signals, std::move(bridge)); });
}

std::shared_ptr<tls_bridge> bridge_of(const std::string& path) {
  auto own = load_credentials(path);
  if (own.role != role::driver) throw failure{errc::value, "the credentials in " + path + " are a " + name_of(own.role) + "'s; a driver has driver.pem"};
  return std::make_shared<tls_bridge>(std::move(own));
}

void bind_driver(py::module_& m) {
  py::class_<driver_client>(m, "DriverClient", "A connection to a coordinator; for one thread at a time.")
      .def(py::init(&connect), py::arg("address"), py::arg("timeout"), py::arg("bridge") = py::none())
      .def_property_readonly("cluster", [](const driver_client& c) { return c.peer().cluster; })
      .def_property_readonly("software", [](const driver_client& c) { return c.peer().software; })
      .def(
          "ping", [](driver_client& c, double timeout) { return call(c, ping{}, timeout); }, py::arg("timeout"))
      .def(
          "status", [](driver_client& c, double timeout) { return call(c, ask_status{}, timeout); }, py::arg("timeout"))
      .def("begin_load", &begin_load, py::arg("directed"), py::arg("multi"), py::arg("keys"), py::arg("endpoints_must_exist"),
           py::arg("origin"), py::arg("duplicates"), py::arg("rows_of"), py::arg("timeout"))
      .def("job", &run_job, py::arg("graph"), py::arg("body"), py::arg("progress") = py::none(), py::arg("timeout") = 0.0)
      .def(
          "release",
          [](driver_client& c, std::vector<handle> all, double timeout) { return call(c, release_handles{std::move(all)}, timeout); },
          py::arg("handles"), py::arg("timeout"))
      .def("commit", &commit, py::arg("store"), py::arg("graph"), py::arg("message"), py::arg("author"), py::arg("branch"),
           py::arg("results"), py::arg("seen"), py::arg("merged"), py::arg("begins_part"), py::arg("progress") = py::none())
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
          "kept_result",
          [](driver_client& c, std::string store, std::string commit, handle graph, std::string algorithm, uint32_t version, const py::dict& arguments,
             py::object progress) {
            result_info kept{std::move(algorithm), version, parameters_from(arguments)};
            return call(c, checkout{std::move(store), std::move(commit), -1, graph, std::move(kept)}, 0, std::move(progress));
          },
          py::arg("store"), py::arg("commit"), py::arg("graph"), py::arg("algorithm"), py::arg("version"), py::arg("arguments"),
          py::arg("progress") = py::none())
      .def(
          "keep_result",
          [](driver_client& c, std::string store, std::string commit, handle values) {
            return call(c, keep_result{std::move(store), std::move(commit), values}, 0);
          },
          py::arg("store"), py::arg("commit"), py::arg("values"))
      .def(
          "open_store",
          [](driver_client& c, std::string path) {
            auto at = directory_identity(path);
            return call(c, open_store{std::move(path), std::move(at)}, 0);
          },
          py::arg("path"))
      .def("submit", &submit, py::arg("token"), py::arg("name"), py::arg("kind"), py::arg("program"), py::arg("arguments"), py::arg("directory"),
           py::arg("imports"), py::arg("python"), py::arg("detached"), py::arg("timeout"))
      .def(
          "jobs", [](driver_client& c, double timeout) { return call(c, ask_jobs{}, timeout); }, py::arg("timeout"))
      .def(
          "job_state", [](driver_client& c, uint64_t job, uint32_t wait, double timeout) { return call(c, ask_job{job, wait}, timeout); }, py::arg("job"),
          py::arg("wait"), py::arg("timeout"))
      .def(
          "job_log",
          [](driver_client& c, uint64_t job, uint64_t offset, uint32_t wait, double timeout) { return call(c, ask_job_log{job, offset, wait}, timeout); },
          py::arg("job"), py::arg("offset"), py::arg("wait"), py::arg("timeout"))
      .def(
          "job_result", [](driver_client& c, uint64_t job, uint64_t offset, double timeout) { return call(c, ask_job_result{job, offset}, timeout); },
          py::arg("job"), py::arg("offset"), py::arg("timeout"))
      .def(
          "cancel_job", [](driver_client& c, uint64_t job, double timeout) { return call(c, cancel_job{job}, timeout); }, py::arg("job"), py::arg("timeout"))
      .def(
          "shutdown", [](driver_client& c, double timeout) { return call(c, shutdown_cluster{}, timeout); }, py::arg("timeout"));
}

// --- workers ---------------------------------------------------------------------------------------------------------------------

std::unique_ptr<worker_client> connect_worker(std::string address, std::string cluster, std::shared_ptr<tls_bridge> bridge) {
  return without_gil([&] { return std::make_unique<worker_client>(std::move(address), std::move(cluster), check_signals, std::move(bridge)); });
}

batches ask(worker_client& worker, std::string name, handle graph, handle values, handle other, const py::dict& arguments) {
  query q{std::move(name), graph, values, other, parameters_from(arguments)};
  return without_gil([&] { return batches{worker.ask(q)}; });
}

}  // namespace

void bind_cluster(py::module_& m) {
  py::class_<edit_list>(m, "EditList", "Edits that travel together.");
  m.def("edit_lists", &edit_lists, py::arg("edits"), "Edits in as few lists as one job each can carry.");
  py::class_<tls_bridge, std::shared_ptr<tls_bridge>>(m, "TlsBridge", "A driver's credentials, and the thread that its connections beyond this host need.")
      .def(py::init(&bridge_of), py::arg("path"));
  m.def("make_credentials", [](const std::string& folder, const std::string& cluster) { make_credentials(folder, cluster); }, py::arg("folder"),
        py::arg("cluster"), "An authority's certificates and secret for coordinator, workers and drivers, in a folder that is for this user alone.");
  m.def("make_private_folder", &make_private_folder, py::arg("folder"), "Makes it with mode 0700, or checks that one that is there is for this user alone.");
  bind_driver(m);
  py::class_<worker_client>(m, "WorkerClient", "A connection to a worker; for one thread at a time.")
      .def(py::init(&connect_worker), py::arg("address"), py::arg("cluster"), py::arg("bridge") = py::none())
      .def("ask", &ask, py::arg("name"), py::arg("graph"), py::arg("values"), py::arg("other"), py::arg("arguments"));
}

}  // namespace gli::python
