#pragma once
// The graph value: immutable, shared, the same for an embedded graph (one partition) and for one partition of many.
// docs/graph-value.md says what lies where. A `graph` is a handle to const data: copy it freely, use it from any thread.
//
// Ids. Own nodes are 0 .. size()-1 in insertion order; mirrors of remote nodes are -1, -2, … An undirected edge is stored once, in `out` of the
// endpoint whose key is smaller (which counts as its source) and in `in` of the other; a self-loop of an undirected graph only in `out`.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "partitions/memo.h"
#include "partitions/page.h"
#include "runtime/communicator.h"
#include "runtime/hash.h"
#include "runtime/job.h"
#include "runtime/value.h"

namespace gli {

class dictionary;      // keys of own nodes and their ids: partitions/dictionary.h
class edge_weights;    // partitions/kernels/edge_weights.h
class neighbor_lists;  // what kernels read of an undirected graph: partitions/neighbor_lists.h
struct ownership;      // which partition owns which node: partitions/ownership.h

/// Own nodes ↔ their copies elsewhere, one entry for each partition (the own one is empty), memoised in a fixed order for the exchange: that of
/// the owner's ids for those of a load, then as edits brought more. A node is mirrored wherever it has an edge to or from.
struct peer_mirrors {
  std::vector<int32_t> mirrors;   // ids here (< 0) of nodes that the peer owns, in exchange order
  std::vector<int32_t> exported;  // own ids that the peer mirrors, in the peer's exchange order
  /// Whether mirrors[i] == mirrors[0] + i, as after a load. Mirrors that edits brought have lower and lower ids.
  bool is_run() const { return mirrors.empty() || size_t(int64_t{mirrors.back()} - mirrors.front() + 1) == mirrors.size(); }
};

/// A column of a graph: pages of rows_per_page rows (nodes), or one page per out-page (edges). A missing page is all null.
struct paged_column {
  std::string name;
  column_type type = column_type::int64;
  std::vector<page_ptr> pages;
};

struct topology {
  std::vector<page_ptr> pages;                 // size() / 1,024, rounded up; null: no edges
  std::vector<const topology_page*> directory; // the same, for kernels; never null (an empty page stands in)
  uint64_t edges = 0;
};

/// A version by the number of its log in this process and its position there.
struct version_name {
  uint64_t log = 0;  // 0: none
  uint32_t position = 0;
  friend bool operator==(const version_name&, const version_name&) = default;
};

struct edit;         // runtime/edit.h
struct edit_report;

class graph {
 public:
  struct body;
  explicit graph(graph_kind kind = {});  // empty, whole
  explicit graph(std::shared_ptr<const body> b);
  const body& operator*() const { return *body_; }
  const body* operator->() const { return body_.get(); }
  const std::shared_ptr<const body>& share() const { return body_; }

 private:
  std::shared_ptr<const body> body_;
};

struct graph::body {
  graph_kind kind;
  uint32_t partition = 0, partitions = 1;
  std::shared_ptr<const ownership> owners;  // null: the hashes of keys say who owns what

  std::shared_ptr<const dictionary> keys;  // own, never null; may know more ids than this version (< size) has
  int32_t size = 0;                        // own ids are below it
  std::vector<uint64_t> removed;           // bitmap of own ids that this version does not have; empty: none
  std::vector<uint64_t> removed_mirrors;   // likewise, bit m-1 for mirror -m
  uint64_t nodes = 0;                      // own, live
  std::vector<uint64_t> sequence;          // by own id: place in the whole graph's insertion order; empty: the id itself

  int32_t mirrors = 0;
  std::vector<hash128> mirror_hashes;      // key hashes, by -id-1
  std::vector<peer_mirrors> peers;         // by partition; empty for a whole graph
  std::shared_ptr<const dictionary> mirror_keys;  // by -id-1; only after resolve_mirrors

  topology out, in;
  std::vector<paged_column> node_columns, edge_columns;
  std::optional<paged_column> edge_keys;   // multi graphs; aligned to out-pages
  parameters attributes;                   // the graph's own

  uint64_t total_nodes = 0, total_edges = 0;  // of the whole graph over all partitions
  version_name folded_from;  // whose pages these are, if they came from a log

  bool live(int32_t v) const {  // own or mirror
    if (v >= 0) return removed.empty() || !(removed[size_t(v) >> 6] >> (v & 63) & 1);
    auto m = size_t(~v);
    return removed_mirrors.empty() || !(removed_mirrors[m >> 6] >> (m & 63) & 1);
  }
  std::span<const int32_t> out_of(int32_t v) const { return out.directory[size_t(v) >> vertices_per_page_bits]->of(v & (vertices_per_page - 1)); }
  std::span<const int32_t> in_of(int32_t v) const { return in.directory[size_t(v) >> vertices_per_page_bits]->of(v & (vertices_per_page - 1)); }

  mutable std::optional<hash128> facts;       // memo of partition_facts(); guarded inside graph_basics.cpp
  mutable memo<neighbor_lists> neighbors;     // of an undirected graph, from the first kernel on that wants them
  mutable last_named<edge_weights> weights;   // of the column that was last asked for: edge_weights::of
};

/// A body to change before it is shared: all of g but its memos and what it was folded from.
std::shared_ptr<graph::body> copy_body(const graph& g);

// --- questions -------------------------------------------------------------------------------------------------------------

/// The own id of a live node, or nothing. A key of the other type is failure{type}: "this graph's keys are int64, not '1'".
std::optional<int32_t> find_node(const graph& g, const key& k);
key node_key(const graph& g, int32_t own);                              // own id
hash128 node_hash(const graph& g, int32_t v);                           // own or mirror
/// The key of any endpoint; a mirror needs resolve_mirrors first, else failure{internal}.
key endpoint_key(const graph& g, int32_t v);
parameters node_attributes(const graph& g, int32_t own);                // without nulls
/// Slots are positions in the source's out list. All parallel edges from u to v, as the half-open slot range [first, second).
std::optional<std::pair<uint32_t, uint32_t>> find_edges(const graph& g, int32_t source, int32_t target);
parameters edge_attributes(const graph& g, int32_t source, uint32_t slot);
std::optional<key> edge_key(const graph& g, int32_t source, uint32_t slot);  // multi graphs
value node_value(const graph& g, const paged_column& c, int32_t own);
value edge_value(const graph& g, const paged_column& c, int32_t source, uint32_t slot);

/// Sum of the facts that this partition owns (docs/graph-value.md), computed once per version, in parallel.
hash128 partition_facts(const graph& g);
/// The same, if it was computed or noted before; and to note what is known from elsewhere.
std::optional<hash128> known_facts(const graph& g);
void note_facts(const graph& g, const hash128& facts);
/// The graph_id of the whole graph: partition_facts summed over all ranks.
hash128 identity_of(const graph& g, communicator& all);

/// Where the bytes are: names such as "topology_out", "keys", "node column age", in bytes.
std::vector<std::pair<std::string, uint64_t>> memory_usage(const graph& g);

// --- new values ------------------------------------------------------------------------------------------------------------

/// Applies edits in order; whole graphs only. All or nothing: throws failure{key | type | value} and changes nothing. Copies the pages it touches:
/// partitions/version.h has edits that copy nothing.
graph apply(const graph& g, std::span<const edit> edits, edit_report& report);

/// Keeps own nodes for which keep_node(id) holds and edges for which keep_edge(source, slot, target) holds and both ends stay.
/// Collective: mirrors' liveness is exchanged; with keep_edge, transposes too. Ids, dictionary and untouched pages are shared with `g`.
graph restrict_to(const graph& g, const std::function<bool(int32_t)>& keep_node,
                  const std::function<bool(int32_t, uint32_t, int32_t)>& keep_edge, communicator& all);  // an empty function keeps all

/// `g` with the keys of its mirrors. Collective.
graph with_mirror_keys(const graph& g, communicator& all);

// --- storage ---------------------------------------------------------------------------------------------------------------

/// The partition as content-addressed pages: calls put(hash, bytes) for every page that has(hash) denies, and returns the root's hash.
hash128 write_graph(const graph& g, const page_has& has, const page_put& put);
/// The inverse, on all cores. Throws failure{corrupt} naming what does not hold.
graph read_graph(const hash128& root, const page_get& get);

/// Partitions of one graph, read from a store, as one whole graph in insertion order. O(n + m).
graph gather(std::span<const graph> partitions);

}  // namespace gli
