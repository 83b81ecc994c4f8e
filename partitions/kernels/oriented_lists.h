#pragma once
// Neighbors of higher degree: every edge of the undirected simple graph below a graph once, at its end of lower degree. Nodes are called by rank, 0 being the
// highest degree; ranks of different partitions are in one order, that of (degree, global id). No list is longer than sqrt(2m).

#include <span>
#include <vector>

#include "partitions/graph_view.h"
#include "runtime/communicator.h"

namespace gli {

class oriented_lists {
 public:
  /// Collective. O(m log(m / n)) on all cores.
  oriented_lists(const graph_view& g, communicator& all);

  uint32_t ranks() const { return uint32_t(id_.size()); }  // own nodes and mirrors
  int32_t id(uint32_t rank) const { return id_[rank]; }    // negative: a mirror
  uint32_t rank(int32_t id) const { return rank_[id]; }
  uint64_t global_id(int32_t id) const { return global_[id]; }  // partition << 32 | own id there
  uint64_t degree(int32_t id) const { return degree_[id]; }     // distinct neighbors but itself

  /// Ranks below `rank`, ascending; empty for mirrors.
  std::span<const uint32_t> of(uint32_t rank) const { return {neighbors_.data() + begin_[rank], neighbors_.data() + begin_[rank + 1]}; }
  /// Beside of(): 2 where edges of a directed graph lead both ways, else 1.
  const uint8_t* edges(uint32_t rank) const { return edges_.data() + begin_[rank]; }

 private:
  void rank_all(const graph_view& g);
  template <class Each> void fill(const graph_view& g, Each&& each);

  vertex_array<uint64_t> degree_, global_;  // own and mirrors
  vertex_array<uint32_t> rank_;
  std::vector<int32_t> id_;
  std::vector<uint64_t> begin_;
  std::vector<uint32_t> neighbors_;
  std::vector<uint8_t> edges_;
};

}  // namespace gli
