#pragma once
// From column batches to a graph: the one way in for files, Arrow tables and lists, embedded and on every worker.

#include <memory>
#include <span>
#include <string>

#include "partitions/graph.h"
#include "runtime/communicator.h"
#include "runtime/duplicates.h"
#include "runtime/value.h"

namespace gli {

class told_owners;  // partitions/ownership.h

struct load_options {
  graph_kind kind;
  uint32_t partition = 0, partitions = 1;
  bool endpoints_must_exist = false;  // LDBC: an edge to a node that no node batch brought is failure{value} naming origin, line and node
  std::string origin;                 // the input's name in messages: "FILE", of lines, or what ends with a space, "FILE: row "
  duplicate_policy duplicates = duplicate_policy::first;
  bool in_order = false;              // batches of edges come in the order of the input: which row each edge was is then kept only for what names it
  int32_t most_nodes = INT32_MAX;     // of a partition; failure{memory} beyond
  const told_owners* owners = nullptr;  // where keys that batches name are not all owned at home; must know them before, and outlive the loader

  uint32_t owner(const hash128& key) const;
};

/// Of the whole graph. Lost: duplicates with an attribute that differs from the one kept; counted where the first is kept.
struct load_report { uint64_t nodes = 0, edges = 0, duplicate_nodes = 0, duplicate_edges = 0, lost_nodes = 0, lost_edges = 0; };

/// Threads: one at a time. A throw leaves the loader unusable and nothing else changed.
class graph_loader {
 public:
  explicit graph_loader(load_options options);
  ~graph_loader();
  graph_loader(graph_loader&&) noexcept;

  /// Columns: "" (key: int64 or utf8, no nulls), attributes…, optional "_seq" (int64): the row's place in the input, a line number where
  /// there is one. Without it rows count from where the last batch ended. `duplicates` orders rows by it, in whatever order batches come.
  void add_nodes(const column_batch& rows);

  /// Columns: "source", "target", optional "key" (multi), attributes…, optional "_seq". In a partition, every source must be owned here, and an
  /// undirected edge arrives with its smaller key as source. Endpoints come into being with the place 2·seq (source) or 2·seq + 1 (target)
  /// after all node rows.
  void add_edges(const column_batch& rows);

  /// The same, where each key is said once: row i goes from keys[from[i]] to keys[to[i]]. No attributes.
  void add_edges(const column& keys, std::span<const int32_t> from, std::span<const int32_t> to);

  /// Collective. Settles remote keys, mirrors and transposes with the other partitions and builds the pages.
  graph finish(communicator& all, load_report& report);

  struct state;  // partitions/loader_state.h

 private:
  std::unique_ptr<state> state_;
};

}  // namespace gli
