#pragma once
// Graphs in a store, in this process: how commits are written and read. storage/FORMAT.md, "Pages or a patch"; docs/versions.md, "Patches".

#include <deque>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "partitions/values.h"
#include "partitions/version.h"
#include "storage/states.h"

namespace gli {

/// A commit's graph, and its partitions where there are several: results are read partition by partition.
struct stored_graph {
  version at;
  std::vector<graph> parts;  // empty: one
};

/// A store whose commits are graphs. Threads: any.
class embedded_store : public storage::graph_store {
 public:
  explicit embedded_store(const storage::graph_store& history) : graph_store{history} {}

  /// Writes the graph with results of it, and publishes `record`, which says message, author and parents. What changed little since a parent that is at
  /// hand is written as a patch, in that one transaction; all else, and results, as pages, in one before it.
  storage::commit_record commit(const version& v, std::span<const node_values_ptr> results, storage::commit_record record, const std::string& branch,
                                const std::optional<hash128>& expected);

  /// failure{corrupt} when what is stored is not the commit's graph.
  stored_graph read(const storage::commit_record& record);
  node_values read_result(const storage::commit_record& record, size_t index, const stored_graph& of);
  /// What was kept of the graph of that graph_id, for one of its graphs; nothing where there is none.
  std::optional<node_values> read_kept_result(const hash128& graph_id, const result_info& what, const graph& of);

  /// graph_store::verify, and that patches lead to the graphs of their commits.
  std::vector<std::string> verify();

 private:
  static constexpr size_t kept = 4;

  std::optional<byte_buffer> patch_on_parent(const version& v, const storage::commit_record& record) const;
  void write_pages(const version& v, bool whole, std::span<const node_values_ptr> results, storage::commit_record& record);
  stored_graph read_pages(const storage::commit_record& record);
  std::optional<stored_graph> at_hand(const hash128& commit) const;
  void keep(const hash128& commit, stored_graph g);

  mutable std::mutex mutex_;
  std::deque<std::pair<hash128, stored_graph>> recent_;  // the newest first; guarded by mutex_
};

}  // namespace gli
