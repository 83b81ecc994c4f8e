#include "bindings.h"
#include "callbacks.h"
#include "convert.h"
#include "partitions/graph.h"
#include "records.h"
#include "runtime/error.h"
#include "storage/states.h"
#include "values_handle.h"

namespace gli::python {
namespace {

using storage::commit_record;
using storage::content_pool;
using storage::graph_store;
using store_ptr = std::shared_ptr<graph_store>;

template <class Write>
hash128 write_pages(content_pool::batch& batch, Write write) {
  return write([&](const hash128& h) { return batch.has(h); },
               [&](const hash128& h, std::span<const uint8_t> bytes) { batch.put(h, bytes); });
}

storage::stored_result write_result(content_pool::batch& batch, const node_values& v) {
  return {v.provenance, {write_pages(batch, [&](auto&& has, auto&& put) { return write_values(v, has, put); })}};
}

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

/// Pages first, in one synced transaction; then the record, which is the commit point. Its first parent is the branch's head.
commit_record commit(graph_store& store, const graph& g, const std::vector<node_values_ptr>& results, std::string message, std::string author,
                     const std::string& branch, const std::string& seen, const std::vector<std::string>& merged, bool begins_part) {
  auto head = head_as_seen(store, branch, seen);
  commit_record record;
  solo alone;
  record.graph_id = identity_of(g, alone);
  record.message = std::move(message);
  record.author = std::move(author);
  record.nodes = g->total_nodes;
  record.edges = g->total_edges;
  record.kind = g->kind;
  if (begins_part) record.extent = storage::graph_extent::begins_part;
  if (head) record.parents.push_back(*head);
  for (auto& other : merged) record.parents.push_back(id_from(other));
  content_pool::batch batch{store.pool(0)};
  record.roots.push_back(write_pages(batch, [&](auto&& has, auto&& put) { return write_graph(g, has, put); }));
  for (auto& r : results) record.results.push_back(write_result(batch, *r));
  batch.commit();
  return store.publish(std::move(record), branch, head);
}

py::dict commit_to(graph_store& store, const graph& g, const py::list& results, std::string message, std::string author, const std::string& branch,
                   const std::string& seen, const std::vector<std::string>& merged, bool begins_part) {
  std::vector<node_values_ptr> values;
  for (auto r : results) values.push_back(r.cast<const values_handle&>().values);
  auto record = without_gil([&] { return commit(store, g, values, std::move(message), std::move(author), branch, seen, merged, begins_part); });
  return to_dict(describe(record));
}

std::vector<graph> read_partitions(graph_store& store, const commit_record& record) {
  std::vector<graph> parts;
  for (uint32_t p = 0; p < record.roots.size(); ++p) {
    auto& pool = store.pool(p);
    parts.push_back(read_graph(record.roots[p], [&](const hash128& h) { return pool.get(h); }));
  }
  return parts;
}

/// A commit's graph, and its partitions when there are several: results are read partition by partition.
struct stored_graph {
  graph whole;
  std::vector<graph> parts;
};

stored_graph read_commit(graph_store& store, const commit_record& record) {
  auto parts = read_partitions(store, record);
  if (parts.empty()) throw failure{errc::corrupt, "commit " + to_hex(record.id) + " names no partitions"};
  if (parts.size() == 1) return {parts[0], {}};
  return {gather(parts), std::move(parts)};
}

values_handle read_result(graph_store& store, const commit_record& record, size_t index, const stored_graph& of) {
  auto& stored = record.results.at(index);
  std::vector<node_values> parts;
  for (uint32_t p = 0; p < stored.roots.size(); ++p) {
    auto& pool = store.pool(p);
    parts.push_back(read_values(stored.roots[p], of.parts.empty() ? of.whole : of.parts[p], [&](const hash128& h) { return pool.get(h); }));
  }
  auto values = parts.size() == 1 ? std::move(parts[0]) : gather(parts, of.whole);
  return {std::make_shared<const node_values>(std::move(values))};
}

values_handle result_at(graph_store& store, const std::string& revision, size_t index, const stored_graph& of) {
  return without_gil([&] {
    auto record = store.resolve(revision);
    if (index >= record.results.size()) throw failure{errc::key, "commit " + to_hex(record.id) + " has no result " + std::to_string(index)};
    return read_result(store, record, index, of);
  });
}

py::list history(graph_store& store, const std::string& revision, uint32_t limit) {
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
  return without_gil([&] { return path ? graph_store::open(*path, create) : graph_store::in_memory(); });
}

}  // namespace

void bind_store(py::module_& m) {
  py::class_<stored_graph>(m, "StoredGraph", "A graph read from a store.")
      .def_property_readonly("graph", [](const stored_graph& s) { return s.whole; })
      .def_property_readonly("partitions", [](const stored_graph& s) { return s.parts.empty() ? size_t{1} : s.parts.size(); });
  py::class_<graph_store, store_ptr>(m, "Store", "A store of commits, opened by this process.")
      .def(py::init(&open_store), py::arg("path") = py::none(), py::arg("create") = true)
      .def_property_readonly("path", [](const graph_store& s) { return s.path(); })
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
      .def("commit", &commit_to, py::arg("graph"), py::arg("results"), py::arg("message"), py::arg("author"), py::arg("branch"), py::arg("seen"),
           py::arg("merged"), py::arg("begins_part") = false)
      .def(
          "resolve", [](const graph_store& s, const std::string& revision) { return to_dict(describe(s.resolve(revision))); },
          py::arg("revision"))
      .def("log", &history, py::arg("revision"), py::arg("limit"))
      .def(
          "read",
          [](graph_store& s, const std::string& revision) { return without_gil([&] { return read_commit(s, s.resolve(revision)); }); },
          py::arg("revision"))
      .def("result", &result_at, py::arg("revision"), py::arg("index"), py::arg("of"))
      .def("verify", [](const graph_store& s) { return without_gil([&] { return s.verify(); }); });
}

}  // namespace gli::python
