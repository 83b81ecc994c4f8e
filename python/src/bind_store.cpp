#include "bindings.h"
#include "callbacks.h"
#include "convert.h"
#include "partitions/embedded_store.h"
#include "records.h"
#include "runtime/error.h"
#include "storage/states.h"
#include "values_handle.h"
#include "version_type.h"

namespace gli::python {
namespace {

using storage::commit_record;
using storage::graph_store;
using store_ptr = std::shared_ptr<embedded_store>;

hash128 id_from(const std::string& text) {
  if (auto id = hash_from_hex(text)) return *id;
  throw failure{errc::value, "not a commit id: " + text};
}

std::optional<hash128> optional_id_from(const std::string& text) { return text.empty() ? std::nullopt : std::optional{id_from(text)}; }

/// The branch's head, which must be the one that the committer has seen (empty: none yet).
std::optional<hash128> head_as_seen(graph_store& store, const std::string& branch, const std::string& seen) {
  auto head = store.head(branch);
  if ((head ? to_hex(*head) : "") == seen) return head;
  throw failure{errc::conflict, "another writer has committed to branch '" + branch +
                                    "' since this store last saw it: call get_current_graph() or at() again and commit on top of that"};
}

/// What a commit record says before the graph does. The first parent is the branch's head.
commit_record draft(std::string message, std::string author, const std::optional<hash128>& head, const std::vector<std::string>& merged,
                    bool begins_part) {
  commit_record record;
  record.message = std::move(message);
  record.author = std::move(author);
  if (begins_part) record.extent = storage::graph_extent::begins_part;
  if (head) record.parents.push_back(*head);
  for (auto& other : merged) record.parents.push_back(id_from(other));
  return record;
}

py::dict commit_to(embedded_store& store, py::handle graph, const py::list& results, std::string message, std::string author,
                   const std::string& branch, const std::string& seen, const std::vector<std::string>& merged, bool begins_part) {
  auto v = version_from(graph);
  std::vector<node_values_ptr> values;
  for (auto r : results) values.push_back(r.cast<const values_handle&>().values);
  auto record = without_gil([&] {
    auto head = head_as_seen(store, branch, seen);
    return store.commit(v, values, draft(std::move(message), std::move(author), head, merged, begins_part), branch, head);
  });
  return to_dict(describe(record));
}

values_handle result_at(embedded_store& store, const std::string& revision, size_t index, const stored_graph& of) {
  return without_gil([&] {
    return values_handle{std::make_shared<const node_values>(store.read_result(store.resolve(revision), index, of))};
  });
}

py::list history(const graph_store& store, const std::string& revision, uint32_t limit) {
  auto records = without_gil([&] { return store.log(revision, limit); });
  py::list result;
  for (auto& r : records) result.append(to_dict(describe(r)));
  return result;
}

/// (branch, before, after, time in microseconds, action), newest first.
py::list moves(const graph_store& store, uint32_t limit) {
  py::list result;
  auto id = [](const std::optional<hash128>& h) { return h ? py::object(py::str(to_hex(*h))) : py::none(); };
  for (auto& e : store.reflog(limit)) result.append(py::make_tuple(e.branch, id(e.before), id(e.after), to_object(value{timestamp{e.time}}), e.action));
  return result;
}

py::dict all_branches(const graph_store& store) {
  py::dict result;
  for (auto& [name, head] : store.branches()) result[py::str(name)] = head ? py::object(py::str(to_hex(*head))) : py::none();
  return result;
}

store_ptr open_store(const std::optional<std::string>& path, bool create) {
  return without_gil([&] { return std::make_shared<embedded_store>(*(path ? graph_store::open(*path, create) : graph_store::in_memory())); });
}

}  // namespace

void bind_store(py::module_& m) {
  py::class_<stored_graph>(m, "StoredGraph", "A graph read from a store.")
      .def_property_readonly("graph", [](const stored_graph& s) { return without_gil([&] { return s.at.fold(); }); })
      .def("as_graph", [](const stored_graph& s, const py::type& type) { return graph_from(type, s.at); }, py::arg("type"))
      .def_property_readonly("partitions", [](const stored_graph& s) { return s.parts.empty() ? size_t{1} : s.parts.size(); });
  py::class_<graph_store, std::shared_ptr<graph_store>>(m, "History", "Commits, and names for them.")
      .def_property_readonly("path", &graph_store::path)
      .def_property_readonly("current_branch", &graph_store::current_branch)
      .def("branches", &all_branches)
      .def("create_branch", &graph_store::create_branch, py::arg("name"), py::arg("from_revision"), py::arg("description") = "")
      .def("description", &graph_store::description, py::arg("branch"))
      .def("extent", [](const graph_store& s, const std::string& revision) { return int(s.resolve(revision).extent); }, py::arg("revision"))
      .def(
          "part_began",
          [](const graph_store& s, const std::string& newer, const std::string& older) {
            auto began = without_gil([&] { return s.part_began(id_from(newer), id_from(older)); });
            return began ? py::object(py::str(to_hex(*began))) : py::none();
          },
          py::arg("newer"), py::arg("older"))
      .def("switch_branch", &graph_store::switch_branch, py::arg("name"))
      .def("delete_branch", &graph_store::delete_branch, py::arg("name"), py::arg("force"))
      .def(
          "move_branch",
          [](graph_store& s, const std::string& name, const std::string& seen, const std::string& to, const std::string& action) {
            without_gil([&] { s.move_branch(name, head_as_seen(s, name, seen), optional_id_from(to), action); });
          },
          py::arg("name"), py::arg("seen"), py::arg("to"), py::arg("action"))
      .def("create_tag", &graph_store::create_tag, py::arg("name"), py::arg("revision"))
      .def("delete_tag", &graph_store::delete_tag, py::arg("name"))
      .def("tags", [](const graph_store& s) {
        py::dict result;
        for (auto& [name, id] : s.tags()) result[py::str(name)] = to_hex(id);
        return result;
      })
      .def("merge_bases", [](const graph_store& s, const std::string& a, const std::string& b) {
        std::vector<std::string> ids;
        for (auto& id : without_gil([&] { return s.merge_bases(id_from(a), id_from(b)); })) ids.push_back(to_hex(id));
        return ids;
      }, py::arg("a"), py::arg("b"))
      .def("reflog", &moves, py::arg("limit"))
      .def(
          "resolve", [](const graph_store& s, const std::string& revision) { return to_dict(describe(s.resolve(revision))); },
          py::arg("revision"))
      .def("log", &history, py::arg("revision"), py::arg("limit"));
  py::class_<embedded_store, graph_store, store_ptr>(m, "Store", "A store of commits, opened by this process.")
      .def(py::init(&open_store), py::arg("path") = py::none(), py::arg("create") = true)
      .def("commit", &commit_to, py::arg("graph"), py::arg("results"), py::arg("message"), py::arg("author"), py::arg("branch"), py::arg("seen"),
           py::arg("merged"), py::arg("begins_part") = false)
      .def(
          "read", [](embedded_store& s, const std::string& revision) { return without_gil([&] { return s.read(s.resolve(revision)); }); },
          py::arg("revision"))
      .def("result", &result_at, py::arg("revision"), py::arg("index"), py::arg("of"))
      .def("verify", [](embedded_store& s) { return without_gil([&] { return s.verify(); }); });
}

}  // namespace gli::python
