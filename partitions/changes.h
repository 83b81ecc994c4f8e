#pragma once
// What the operations of a log come to, before any page is written: version_fold.cpp collects it, write_changes.cpp turns it into a graph.
//
// Ids are own ids of a whole graph, those of new nodes included.

#include <map>
#include <unordered_map>

#include "partitions/dictionary.h"
#include "partitions/graph.h"

namespace gli {

/// What becomes of one row of a table: `values` by attribute, on top of the row's old ones unless it is wiped. Null removes.
struct row_change {
  bool wiped = false;
  std::vector<std::pair<uint32_t, value>> values;

  const value* find(uint32_t attribute) const;
  void set(uint32_t attribute, value v);
};

struct edge_change : row_change {
  static constexpr uint32_t none = UINT32_MAX;
  uint32_t slot = none;  // in the source's out list before the edits; none: a new edge
  bool live = true;      // after the edits
  bool moved() const { return live != (slot != none); }  // came or went
};

/// Target and edge key; the key of edges of simple graphs is 0.
using edge_name = std::pair<int32_t, key>;
using source_changes = std::map<edge_name, edge_change>;

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
  attribute_names node_names, edge_names;
  std::unordered_map<int32_t, row_change> node_rows;
  std::unordered_map<int32_t, source_changes> edges;  // by source
};

/// The graph after the changes: rewrites the pages that they touch, in parallel, and shares the others.
graph write_changes(const graph_changes& changes);

}  // namespace gli
