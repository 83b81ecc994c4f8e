#pragma once
// The part of a partitioned graph that edits name, as a whole graph that is the same on all partitions, and where its elements lie on this one.

#include <limits>
#include <optional>
#include <unordered_map>
#include <vector>

#include "partitions/graph.h"
#include "partitions/named_elements.h"
#include "partitions/version.h"
#include "runtime/communicator.h"

namespace gli {

/// The named elements in a version that is a part of the graph, or was made from one.
class elements_of {
 public:
  elements_of(const version& of, const named_elements& named);
  /// Of a node that is there.
  std::optional<int32_t> find(uint32_t node) const { return ids_[node] < 0 ? std::nullopt : std::optional{ids_[node]}; }
  parameters attributes(uint32_t node) const { return of_.node_attributes(ids_[node]); }
  /// Keys of the edges of a pair, ascending.
  std::vector<key> edges(const named_elements::pair& p) const;
  bool has_edges(const named_elements::pair& p) const;
  parameters attributes(const named_elements::pair& p, const key& edge_key) const { return of_.edge_attributes(ids_[p.source], ids_[p.target], edge_key); }

 private:
  bool has_ends(const named_elements::pair& p) const { return ids_[p.source] >= 0 && ids_[p.target] >= 0; }
  const version of_;
  std::vector<int32_t> ids_;  // by number; -1: it is not there
};

class named_part {
 public:
  static constexpr int32_t nowhere = std::numeric_limits<int32_t>::min();

  /// Collective; all partitions give the same edits.
  named_part(const graph& g, std::span<const edit> edits, communicator& all);

  const graph& base() const { return g_; }
  const named_elements& named() const { return named_; }
  /// The nodes that are named, and there, and the edges between those that are named together; with attributes.
  const version& before() const { return *before_; }

  /// Own id, below size() but maybe not live, or mirror; nowhere: neither.
  int32_t here(uint32_t node) const { return here_[node]; }
  /// The number of an own node or mirror.
  std::optional<uint32_t> number_of(int32_t id) const;
  /// Whether an own node has a mirror at a peer.
  bool is_exported(uint32_t node, uint32_t peer) const { return positions_[at(node, peer)] >= 0; }
  /// Own nodes with an edge to, or from, a node that is there and is going to be removed.
  const std::vector<int32_t>& sources_of(uint32_t node) const { return removed_[node].sources; }
  const std::vector<int32_t>& targets_of(uint32_t node) const { return removed_[node].targets; }
  /// Whether an own node is one of these.
  bool goes(int32_t own) const;

 private:
  struct neighbors { std::vector<int32_t> sources, targets; };

  size_t at(uint32_t node, uint32_t peer) const { return node * size_t{g_->partitions} + peer; }
  bool owns(uint32_t node) const { return named_.nodes()[node].owner == g_->partition; }
  void find_own();
  void exchange_places(communicator& all);
  void find_exported(uint32_t peer);
  void note_own_neighbors(uint32_t node);
  std::vector<hash128> neighbors_of(uint32_t node, bool out, const std::vector<bool>& of_peer) const;
  std::vector<bool> mirrors_of(uint32_t peer) const;
  byte_buffer places_for(uint32_t peer) const;
  void take_places(uint32_t peer, const byte_buffer& message);
  std::vector<int32_t> own_ids(const std::vector<hash128>& hashes) const;
  std::vector<edit> own_elements() const;
  void add_edges(const named_elements::pair& p, std::vector<edit>& to) const;
  void gather(communicator& all);

  const graph g_;
  named_elements named_;
  std::vector<int32_t> here_;                      // by number
  std::unordered_map<int32_t, uint32_t> numbers_;  // by own id or mirror
  std::vector<int32_t> positions_;                 // by number and peer, of own nodes: in its exchange order; -1: not there
  std::vector<neighbors> removed_;                 // by number
  std::optional<version> before_;
};

}  // namespace gli
