#include "bind_store_space.h"

#include <pybind11/stl.h>

#include "callbacks.h"
#include "partitions/root_trees.h"
#include "runtime/error.h"

namespace gli::python {
namespace {

using storage::graph_store;

py::tuple counted(const storage::gc_count& c) { return py::make_tuple(c.kept, c.removed); }

/// (kept, removed) of commits, reflog entries, pages and bytes.
py::dict collect(graph_store& store, const std::optional<double>& keep_reflog_days, const std::vector<std::string>& keep, bool dry_run) {
  storage::gc_options options;
  if (keep_reflog_days) options.keep_reflog = int64_t(*keep_reflog_days * 24 * 3600 * 1e6);
  for (auto& text : keep)
    if (auto id = hash_from_hex(text)) options.keep.push_back(*id);
  options.dry_run = dry_run;
  auto report = without_gil([&] { return store.gc(options, root_trees); });
  py::dict result;
  result["commits"] = counted(report.commits);
  result["reflog"] = counted(report.reflog);
  result["pages"] = counted(report.pages);
  result["bytes"] = counted(report.bytes);
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

}  // namespace

void bind_store_space(py::class_<graph_store, std::shared_ptr<graph_store>>& store) {
  store.def("gc", &collect, py::arg("keep_reflog_days"), py::arg("keep"), py::arg("dry_run")).def("space", &space);
}

}  // namespace gli::python
