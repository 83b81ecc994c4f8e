#pragma once
// What communities are found in: a graph of nodes with weighted arcs to others, spread over partitions; first the graph itself, then its communities as
// nodes. A node is called by the hash of a key, and lives at the home of that name, where owner_of(name) says; so of a graph whose nodes are owned elsewhere
// the first one is brought there. An undirected edge is two arcs, an undirected self-loop one of twice its
// weight. Weights are integers on a grid 62 bits below their sum, so that no sum of them depends on an order or leaves 64 bits.

#include <array>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "partitions/kernels/edge_weights.h"
#include "runtime/communicator.h"
#include "runtime/hash.h"

namespace gli {

class dictionary;

/// Of a node, or of a community: the weights of the arcs that leave and enter it, loops included, and how many nodes it has.
struct community_totals {
  uint64_t out = 0, in = 0, size = 0;
  community_totals& operator+=(const community_totals& other) { return out += other.out, in += other.in, size += other.size, *this; }
  community_totals& operator-=(const community_totals& other) { return out -= other.out, in -= other.in, size -= other.size, *this; }
};

class community_graph {
 public:
  /// Beside an own node: a local id, and the weight of the arcs both ways. Each neighbor once, the node itself never.
  struct link { uint32_t to; uint64_t weight; };
  /// One of a community's: itself and another's names, and the weight of the arcs both ways.
  struct bond { hash128 from, to; uint64_t weight; };

  /// Without weights every edge counts 1; they are finite and not negative. Collective; O(m log d).
  static community_graph of(const graph_view& g, const edge_weights* weights, communicator& all);
  /// Of own nodes by name with their totals, loops included; bonds of them, some perhaps several times; inner: twice the weight of this partition's arcs
  /// inside of nodes. Collective.
  static community_graph made_of(std::vector<std::pair<hash128, community_totals>> nodes, const std::vector<bond>& bonds, uint64_t inner, communicator& all);

  uint32_t own() const { return own_; }                          // own nodes are [0, own)
  uint32_t locals() const { return uint32_t(name_.size()); }     // and copies of others' [own, locals)
  const hash128& name(uint32_t local) const { return name_[local]; }
  std::span<const hash128> names() const { return {name_.data(), own_}; }  // of own nodes
  const community_totals& totals(uint32_t own) const { return totals_[own]; }  // size 1; 0 for what the graph does not have
  std::span<const link> links(uint32_t own) const { return {links_.data() + begin_[own], links_.data() + begin_[own + 1]}; }
  uint64_t inner() const { return inner_; }                      // this partition's part of twice the weight of arcs from a node to itself
  uint64_t total() const { return total_; }                      // weight of all arcs of the whole graph
  uint64_t nodes() const { return nodes_; }                      // of the whole graph
  /// Own nodes that partition q has copies of, and copies of its nodes, in one order on both sides.
  const std::vector<uint32_t>& exported(uint32_t q) const { return exported_[q]; }
  const std::vector<uint32_t>& copies(uint32_t q) const { return copies_[q]; }
  /// Of a name that this partition owns.
  uint32_t own_id(const hash128& name) const;

 private:
  static community_graph brought_home(const graph_view& g, const edge_weights* weights, communicator& all);
  void count(communicator& all);
  void find_exported(communicator& all);

  uint32_t own_ = 0;
  std::vector<hash128> name_;
  std::vector<community_totals> totals_;
  std::vector<uint64_t> begin_;
  std::vector<link> links_;
  uint64_t inner_ = 0, total_ = 0, nodes_ = 0;
  std::vector<std::vector<uint32_t>> exported_, copies_;
  const dictionary* keys_ = nullptr;  // of the graph itself; else own_id_
  std::unordered_map<hash128, uint32_t, hash128_hasher> own_id_;
};

}  // namespace gli
