#pragma once
// What edits name: nodes by their keys, and edges by two of these.

#include <functional>
#include <span>
#include <unordered_map>
#include <vector>

#include "runtime/edit.h"
#include "runtime/hash.h"

namespace gli {

/// Numbers are given as the edits go on: the same on all partitions that have the same edits.
class named_elements {
 public:
  struct node {
    key k;
    hash128 hash;
    uint32_t owner;
    bool removed = false;  // by any of the edits, with its edges
  };
  /// The ends of edges; of undirected ones the smaller key is the source.
  struct pair {
    uint32_t source, target;
    bool removed = false;  // any of the edges between them, by itself
  };

  /// `owners_of` tells the owners of nodes that are called by the hashes of their keys.
  named_elements(std::span<const edit> edits, bool directed, const std::function<std::vector<uint32_t>(std::span<const hash128>)>& owners_of);
  const std::vector<node>& nodes() const { return nodes_; }
  const std::vector<pair>& pairs() const { return pairs_; }
  bool has_pair(uint32_t source, uint32_t target) const { return pair_numbers_.contains(joined(source, target)); }

 private:
  static uint64_t joined(uint32_t source, uint32_t target) { return uint64_t{source} << 32 | target; }
  uint32_t number(const key& k);
  void name_edge(const edit& e);

  bool directed_;
  std::vector<node> nodes_;
  std::vector<pair> pairs_;
  std::unordered_map<hash128, uint32_t, hash128_hasher> numbers_;
  std::unordered_map<uint64_t, uint32_t> pair_numbers_;
};

}  // namespace gli
