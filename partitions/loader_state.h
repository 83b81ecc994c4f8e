#pragma once
// What a loader has collected: keys, places, attribute rows and edges, with ids in order of arrival. Inside of loader*.cpp only.

#include <memory>
#include <string>
#include <vector>

#include "partitions/dictionary.h"
#include "partitions/loader.h"
#include "partitions/loader_columns.h"
#include "partitions/loader_keys.h"

namespace gli {

/// Places of nodes in the input: node rows have their `_seq`; endpoints that only edges name come after all of them.
constexpr uint64_t edge_places = uint64_t{1} << 62;
constexpr uint64_t highest_row = uint64_t{1} << 60;
constexpr uint64_t source_place(uint64_t row) { return edge_places + 2 * row; }
constexpr uint64_t target_place(uint64_t row) { return edge_places + 2 * row + 1; }
constexpr uint64_t row_of_place(uint64_t place) { return place >= edge_places ? (place - edge_places) / 2 : place; }

/// Keys and the smallest place at which each was seen.
struct key_book {
  explicit key_book(key_type type, int32_t limit = dictionary::default_limit) : keys{std::make_shared<dictionary>(type, limit)} {}
  /// The key's id.
  template <class Key>
  int32_t note(const Key& k, const hash128& h, uint64_t place) {
    auto id = keys->intern(k, h).first;
    see(id, place);
    return id;
  }
  void see(int32_t id, uint64_t place) {
    if (size_t(id) == places.size()) places.push_back(place);
    else if (place < last_place && place < places[size_t(id)]) places[size_t(id)] = place;
    last_place = std::max(last_place, place);
  }

  std::shared_ptr<dictionary> keys;
  std::vector<uint64_t> places;  // by id
  uint64_t last_place = 0;       // the highest noted: what comes after it lowers no place
};

/// from: own ids. to: own ids, or ~(id in the remote book).
struct edge_chunk {
  std::vector<int32_t> from, to;
  uint64_t first_row = 0;         // in the input
  std::vector<uint64_t> rows;     // in the input; empty: they follow the first, or are not kept
  uint64_t row(size_t i) const { return rows.empty() ? first_row + i : rows[i]; }
};

/// A node row that is not the first of its node.
struct repeated_node { int32_t id, row; uint64_t place; };

struct graph_loader::state {
  explicit state(load_options o) : options{std::move(o)} {}

  load_options options;
  std::unique_ptr<key_book> own, remote;  // null until the key type is known
  int_ids met;                            // endpoints with int64 keys: own ids, or ~(id in the remote book)
  std::vector<int32_t> row_of;            // row in node_columns by own id, the first in the input; -1, or not there: none
  std::vector<repeated_node> repeated_nodes;
  column_table node_columns, edge_columns;
  column_table edge_keys;                 // multi: the column "key", null where the loader is to choose
  std::vector<edge_chunk> edges;
  bool any_edges = false;                 // on any partition; after agree_on_types
  bool edges_in_order = true;             // of their input rows
  bool edges_ascend = true;               // and no two of them are of one row
  uint64_t next_after_edges = 0;          // the highest input row of an edge, and one
  uint64_t next_node = 0, next_edge = 0;  // the row that a batch without `_seq` begins with
  uint64_t duplicate_nodes = 0, duplicate_edges = 0, lost_nodes = 0, lost_edges = 0;

  void begin_keys(key_type type);
  /// Whether an edge may be named by its row, or brought to its place.
  bool keeps_rows() const {
    return !options.in_order || options.duplicates == duplicate_policy::error || options.duplicates == duplicate_policy::sum;
  }
  int32_t attribute_row(int32_t own_id) const { return size_t(own_id) < row_of.size() ? row_of[size_t(own_id)] : -1; }
  /// "FILE:7: ", or "row 7: " of an input without a name.
  std::string at_row(uint64_t row) const;
};

/// After the exchange with the other partitions: final ids, and the body's mirrors.
struct settled_ids {
  std::vector<int32_t> order;      // own id of arrival by final id; empty: they are the same
  std::vector<int32_t> final_of;   // the inverse
  std::vector<int32_t> mirror_of;  // mirror by id in the remote book

  bool as_they_came() const { return order.empty() && mirror_of.empty(); }
  int32_t arrival(int32_t final_id) const { return order.empty() ? final_id : order[size_t(final_id)]; }
  int32_t settled(int32_t id) const {
    return id < 0 ? mirror_of[size_t(~id)] : final_of.empty() ? id : final_of[size_t(id)];
  }
};

/// Key types, and columns with their types, the same on all partitions. Collective, like all that follows.
void agree_on_types(graph_loader::state& s, communicator& all);
/// Brings the keys that other partitions' edges name to their owner, orders own nodes, numbers mirrors: fills b's keys, size, sequence, mirrors,
/// mirror_hashes and peers.
settled_ids settle_ids(graph_loader::state& s, graph::body& b, communicator& all);
/// Chooses each node's row as the policy says; counts, or throws for, what repeats.
void settle_repeated_nodes(graph_loader::state& s, const settled_ids& ids, const std::vector<column>& columns);
/// Fills b's out, edge_columns and edge_keys.
void build_edges(graph_loader::state& s, const settled_ids& ids, graph::body& b);
/// Fills b's node_columns.
void build_node_columns(graph_loader::state& s, const settled_ids& ids, graph::body& b);

}  // namespace gli
