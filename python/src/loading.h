#pragma once
// Where loaded rows go, for the one set of readers: a graph in this process, or the workers of a cluster.

#include <pybind11/pybind11.h>

#include <span>

#include "partitions/loaders/text.h"
#include "runtime/driver_client.h"

namespace gli::python {

namespace py = pybind11;

duplicate_policy duplicates_from(const std::string& name);  // "first", "last", "error", "sum"
graph_kind kind_from(bool directed, bool multi, const std::string& keys);
/// A source with the options that python/gli/_loading.py makes: path apart, lists as name.0, name.1, …
row_source source_from(std::string what, const py::dict& options);

class row_target {
 public:
  virtual ~row_target() = default;
  virtual void add_nodes(const column_batch& rows) = 0;
  virtual void add_edges(const column_batch& rows) = 0;
  /// Row i goes from keys[from[i]] to keys[to[i]].
  virtual void add_edges(const column& keys, std::span<const int32_t> from, std::span<const int32_t> to);
  batch_sink sink();
};

/// Rows to the workers' owners. Counts what it sent, so that rows without places get those that follow.
class scatter_target final : public row_target {
 public:
  using row_target::add_edges;
  scatter_target(std::vector<worker_info> workers, std::string cluster, handle load, graph_kind kind, std::shared_ptr<tls_bridge> bridge);
  void add_nodes(const column_batch& rows) override;
  void add_edges(const column_batch& rows) override;
  void finish() { scatter_.finish(); }
  void abort() noexcept { scatter_.abort(); }

 private:
  scatter scatter_;
  int64_t nodes_ = 0, edges_ = 0;
};

}  // namespace gli::python
