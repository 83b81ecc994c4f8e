#pragma once
// What a driver can ask of a graph, embedded or on a cluster, in the same words. Encoded by runtime/codec.h.
//
// A job runs on all partitions together and may exchange (docs/protocol.md, "Jobs"). A query asks one partition about what it holds and
// exchanges nothing; the driver merges the answers.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "runtime/duplicates.h"
#include "runtime/edit.h"
#include "runtime/expression.h"
#include "runtime/hash.h"
#include "runtime/merge.h"
#include "runtime/program.h"
#include "runtime/value.h"

namespace gli {

using handle = uint64_t;  // names a graph or a result on a cluster; given by the coordinator, never used twice in an epoch

/// How a graph's keys and edges are to be understood; fixed for its life.
struct graph_kind {
  bool directed = true;
  bool multi = false;                      // parallel edges, told apart by their key
  key_type keys = key_type::none;          // none until the first node
  key_type edge_keys = key_type::none;     // of multi graphs
  friend bool operator==(const graph_kind&, const graph_kind&) = default;
};

/// Where a result comes from.
struct result_info { std::string algorithm; uint32_t version = 0; parameters arguments; };

/// All partitions have their batches: exchange remote keys and transposes, build pages. Output: a graph.
struct finish_load { handle load = 0; };
/// An algorithm of the catalog (partitions/catalog.h). Output: node values.
struct run_algorithm { std::string name; parameters arguments; };
/// Keep the nodes for which `nodes` holds, and the edges between them for which `edges` holds. Output: a graph.
struct select_elements { std::optional<expression> nodes, edges; };
/// Keep nodes by a boolean or numeric result of the same graph: those with `low` <= value <= `high` (null never). Output: a graph.
struct select_by_values { handle values = 0; double low = 0, high = 0; };
/// The nodes with a result as their attribute `name`; the result may be of another version with the same nodes. Output: a graph.
struct assign_values { handle values = 0; std::string name; };
/// Fetch and keep the keys of mirrors, so that queries can show edges. Output: none; the graph is as it was.
struct resolve_mirrors {};
/// The graph_id. Summary: graph_id.
struct identify {};
/// Write the partition's pages (without a graph: none), and those of the results, to the store. Summary of each partition: root, result_roots (hex,
/// comma-separated). `at`, here and below: which directory the store's path leads to (runtime/host.h) where not every worker may reach it; empty: all do.
struct write_pages { std::string store; std::vector<handle> results; std::string at = {}; };
/// Read a commit's graph, however many partitions wrote it. Output: a graph.
struct read_pages { std::string store, commit, at = {}; };  // commit: its id, hex
/// Read a result of a commit, for `graph`, which is the commit's: that of number `index`, or, where that is negative, what was kept of `kept`.
/// Output: node values.
struct read_result { std::string store, commit; int32_t index = -1; result_info kept = {}; std::string at = {}; };
/// `graph` with its nodes where a partitioner puts them (partitions/repartition.h), or, where `like` names a graph, where that has them. Output: a graph.
struct repartition_graph { std::string partitioner; handle like = 0; };
/// What changed from `graph` to `newer`. Summary: nodes_added, nodes_removed, nodes_changed, edges_added, edges_removed, edges_changed.
struct compare_graphs { handle newer = 0; };

/// Edit `graph`. Output: a graph. Summary: duplicates, lossy_duplicate, as edit_report says.
struct edit_graph { std::vector<edit> edits; };
/// Add the rows of a load that was begun for `graph`. Output and summary as of edit_graph.
struct add_rows { handle rows = 0; bool create_nodes = false; };

/// `graph` with what `theirs` changed since `base` (docs/versions.md). The nth conflict is as choices[n] says, those behind as `otherwise`. Output: a
/// graph. Summary: conflicts, how many; told, on partition 0, where `tell` says so.
struct merge_graphs {
  handle base = 0, theirs = 0;
  std::vector<merge_choice> choices;
  merge_choice::side otherwise = merge_choice::side::ours;
  bool tell = false;
};

/// Rows that the partitions get for themselves: "nodes" or "edges" of a text file, "gap_edges" of a serialized graph (weighted); or, without a path, "kronecker" edges (scale, edge_factor, seed), "gap_kronecker"
/// or "gap_uniform" ones of the GAP Benchmark Suite (scale, weighted), or "numbers", nodes with the keys first (default: 1), first + 1, …: count of them. Formats: partitions/loaders/source_share.h; of edges also negated_mirrors, and known_ids: whether an edge to a node
/// that no node row brought is a bad line.
struct row_source { std::string what, path; parameters format; };
/// Make a graph of sources, one after the other. Output: a graph. Summary as of finish_load, and of each text source rows.I, skipped.I and the first bad lines,
/// line.I.J and what.I.J.
struct read_sources {
  graph_kind kind;
  bool endpoints_must_exist = false;
  std::string origin;
  duplicate_policy duplicates = duplicate_policy::first;
  std::vector<row_source> sources;
};

using job_body = std::variant<finish_load, run_algorithm, select_elements, select_by_values, resolve_mirrors, identify, write_pages,
                              read_pages, read_result, compare_graphs, edit_graph, add_rows, merge_graphs, read_sources, run_program, aggregate_neighbors,
                              assign_values, repartition_graph>;

struct job {
  uint64_t id = 0;     // given by the coordinator
  handle graph = 0;    // input; 0 where there is none
  handle output = 0;   // given by the coordinator; 0 where there is none. The first of outputs_of(body)
  job_body body;
};

/// What one partition answers; `summary` of global counts is the same on all partitions, others are said to be per partition.
struct job_result {
  parameters summary;
  std::vector<merge_conflict> conflicts = {};  // of merge_graphs
};

/// One partition's view of what it holds: see partitions/query.h for the names and the columns they answer.
struct query {
  std::string name;
  handle graph = 0, values = 0, other = 0;
  parameters arguments;
};

/// How many handles its output takes: `output`, `output` + 1, …; 0: it has none.
uint32_t outputs_of(const job_body& body);
bool makes_values(const job_body& body);  // not graphs

std::string describe(const job_body& body);  // "pagerank", "finish_load": as progress and errors name it

}  // namespace gli
