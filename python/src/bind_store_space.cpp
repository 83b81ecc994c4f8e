// Garbage collection, statistics and bundles of a store.
#include <pybind11/stl.h>

#include "bindings.h"
#include "callbacks.h"
#include "partitions/root_trees.h"
#include "runtime/error.h"
#include "storage/states.h"

namespace gli::python {
namespace {

using storage::graph_store;

py::tuple counted(const storage::gc_count& c) { return py::make_tuple(c.kept, c.removed); }

std::vector<hash128> ids_from(const std::vector<std::string>& texts) {
  std::vector<hash128> ids;
  for (auto& text : texts)
    if (auto id = hash_from_hex(text)) ids.push_back(*id);
  return ids;
}

/// (kept, removed) of commits, reflog entries, pages, bytes, and bytes of files.
py::dict collect(graph_store& store, const std::optional<double>& keep_reflog_days, const std::vector<std::string>& keep, bool dry_run, bool compact) {
  storage::gc_options options;
  if (keep_reflog_days) options.keep_reflog = int64_t(*keep_reflog_days * 24 * 3600 * 1e6);
  options.keep = ids_from(keep);
  options.dry_run = dry_run;
  options.compact = compact;
  auto report = without_gil([&] { return store.gc(options, root_trees); });
  py::dict result;
  result["commits"] = counted(report.commits);
  result["reflog"] = counted(report.reflog);
  result["pages"] = counted(report.pages);
  result["bytes"] = counted(report.bytes);
  result["file_bytes"] = counted(report.file_bytes);
  return result;
}

/// Rows of (environment, pages, bytes, bytes that commits name, bytes of the file, free bytes in it); the manifest's first.
py::dict space(graph_store& store) {
  auto s = without_gil([&] { return store.space(root_trees); });
  py::list rows;
  rows.append(py::make_tuple("manifest", 0, 0, 0, s.manifest.file, s.manifest.free));
  for (auto& p : s.partitions) rows.append(py::make_tuple("p" + std::to_string(p.partition), p.pages, p.bytes, p.named_bytes, p.disk.file, p.disk.free));
  py::dict result;
  result["commits"] = s.commits;
  result["branches"] = s.branches;
  result["tags"] = s.tags;
  result["reflog_entries"] = s.reflog;
  result["environments"] = rows;
  return result;
}

/// `names`: (name, whether a tag, commit) of each.
py::dict bundle(graph_store& store, const std::string& path, const std::vector<std::string>& names, const std::vector<std::string>& have) {
  auto report = without_gil([&] { return store.bundle(path, {names, ids_from(have)}, root_trees); });
  py::list refs;
  for (auto& r : report.refs) refs.append(py::make_tuple(r.name, r.is_tag, to_hex(r.commit)));
  py::dict result;
  result["refs"] = refs;
  result["commits"] = report.commits;
  result["patches"] = report.patches;
  result["pages"] = report.pages;
  result["bytes"] = report.bytes;
  return result;
}

const char* name_of(storage::ref_change change) {
  switch (change) {
    case storage::ref_change::unchanged: return "unchanged";
    case storage::ref_change::created: return "created";
    case storage::ref_change::forward: return "fast-forward";
    case storage::ref_change::ahead: return "ahead";
    case storage::ref_change::forced: return "forced";
  }
  return "";
}

/// `refs`: (name, whether a tag, commit, what happened to it) of each.
py::dict unbundle(graph_store& store, const std::string& path, bool force, const std::string& prefix) {
  auto report = without_gil([&] { return store.unbundle(path, {force, prefix}, root_trees); });
  py::list refs;
  for (auto& r : report.refs) refs.append(py::make_tuple(r.name, r.is_tag, to_hex(r.commit), name_of(r.change)));
  py::dict result;
  result["refs"] = refs;
  result["commits"] = report.commits;
  result["pages"] = report.pages;
  result["bytes"] = report.bytes;
  return result;
}

}  // namespace

void bind_store_space(py::module_& m) {
  auto store = py::reinterpret_borrow<py::class_<graph_store, std::shared_ptr<graph_store>>>(m.attr("History"));
  store.def("gc", &collect, py::arg("keep_reflog_days"), py::arg("keep"), py::arg("dry_run"), py::arg("compact")).def("space", &space);
  store.def("bundle", &bundle, py::arg("path"), py::arg("names"), py::arg("have"))
      .def("unbundle", &unbundle, py::arg("path"), py::arg("force"), py::arg("prefix"));
}

}  // namespace gli::python
