#pragma once
// What edits come to, before any page is written: version_fold.cpp collects it from a log, partition_edit.cpp from edits of a partition;
// write_changes.cpp turns it into a graph.
//
// Ids are those of the new graph: of new nodes and mirrors too. Keys and values stay where they are, in the log.

#include <span>
#include <unordered_map>

#include "partitions/dictionary.h"
#include "partitions/graph.h"

namespace gli {

/// What becomes of one node or edge: values on top of its old ones unless those are wiped.
struct element_change {
  int32_t a = 0, b = 0;           // the node; or the edge's source and target
  const key* edge_key = nullptr;  // of edges; of those of simple graphs 0
  uint32_t row = 0;               // in the old page: where it is, or before which it comes
  bool old = false;               // it was there
  bool live = true;               // it is there now
  bool wiped = false;
  uint32_t first_value = 0, value_count = 0;
  bool moved() const { return live != old; }  // came or went
};

/// The changes in one column page of nodes, or in one out-page of edges.
struct page_changes {
  size_t page = 0;
  std::vector<element_change> elements;                  // in the order of rows
  std::vector<std::pair<uint32_t, const value*>> values;  // by attribute; each once an element. Null removes

  std::span<const std::pair<uint32_t, const value*>> values_of(const element_change& e) const {
    return std::span{values}.subspan(e.first_value, e.value_count);
  }
  const value* find(const element_change& e, uint32_t attribute) const {
    for (auto& [a, v] : values_of(e))
      if (a == attribute) return v;
    return nullptr;
  }
  bool moved() const;  // whether any element came or went
};

/// Edges that came to a vertex, or went.
struct in_change { int32_t target, source, count; };

/// Fills old and row of an edge whose ends and key are known; looks from that slot of its source on. Returns its slot.
uint32_t locate_edge(const graph& base, element_change& e, uint32_t from_slot = 0);

/// Attribute names by number: those of the old columns first, in order.
class attribute_names {
 public:
  explicit attribute_names(const std::vector<paged_column>& columns);
  uint32_t intern(const std::string& name);
  std::optional<uint32_t> find(const std::string& name) const;
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
  std::unordered_map<std::string, uint32_t> numbers_;
};

struct graph_changes {
  explicit graph_changes(const graph& g);

  graph base;
  graph_kind kind;
  std::shared_ptr<const dictionary> keys;
  int32_t size = 0;
  uint64_t nodes = 0;
  std::vector<uint64_t> removed, sequence;  // as in graph::body
  parameters attributes;
  version_name folded_from;
  attribute_names node_names, edge_names;
  std::vector<page_changes> node_rows, edges;  // of the pages that change, ascending
  std::vector<in_change> entering;             // at own nodes, of edges whose sources other partitions own
  std::vector<hash128> mirror_hashes;          // as in graph::body, like the next two
  std::vector<peer_mirrors> peers;
  std::vector<uint64_t> removed_mirrors;
};

/// The graph after the changes: rewrites the pages that they touch, in parallel, and shares the others. Collective: all partitions have the same
/// names of attributes, in one order, and agree on columns.
graph write_changes(const graph_changes& changes, communicator& all);

}  // namespace gli
