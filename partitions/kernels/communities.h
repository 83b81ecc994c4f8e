#pragma once
// Which community each node of a community_graph is in, and moves of nodes to the community beside them that gains the most modularity. Nodes move in
// classes by the hash of their names: those of a class at the same time, knowing where the classes before them went. What a partition decides follows from
// names and exact sums alone, so that every partitioning moves the same nodes. A node is asked again only once a neighbor of its has moved: what else changed
// are totals of communities, which seldom make another one the best. [Ozaki, Tezuka, Inaba 2016]
//
// A community is called by one of the nodes it once had, its founder, whose partition keeps its totals and tells them to whoever asked once.

#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include <tbb/enumerable_thread_specific.h>

#include "partitions/exact_sum.h"
#include "partitions/kernels/community_graph.h"

namespace gli {

class communities {
 public:
  static constexpr uint32_t classes = 16;

  /// How nodes are to move.
  struct rule {
    double resolution = 1;
    uint64_t seed = 0;
    const communities* within = nullptr;  // given: only nodes that are alone move, and to nodes of the same community there
  };

  /// Every node alone.
  explicit communities(const community_graph& g);

  /// Every own node to the community that is named beside it. Collective.
  void assign(const std::vector<hash128>& names, communicator& all);

  /// Lets every node move once that has reason to; pass: how often this was done before. Returns how many did, over all partitions. Collective; O(links), 3 exchanges a class.
  uint64_t move_all(const rule& r, uint64_t pass, communicator& all);

  /// Collective.
  double modularity(double resolution, communicator& all) const;
  /// How many there are that are not empty. Collective.
  uint64_t count(communicator& all) const;
  /// The communities as nodes. Collective.
  community_graph merged(communicator& all) const;

  const hash128& name_of(uint32_t local) const { return name_[slot_[local]]; }
  bool together(uint32_t local, uint32_t other) const { return slot_[local] == slot_[other]; }

 private:
  /// Weights by community, of one node at a time. Of one thread.
  class sums;
  using move = std::pair<uint32_t, uint32_t>;  // own node, slot

  uint32_t own_slots() const { return g_->own(); }
  uint32_t slot_named(const hash128& name, communicator& all);
  bool beside_a_move(uint32_t v) const;
  uint32_t choose(const rule& r, uint32_t v, uint64_t salt, sums& beside) const;
  void carry_out(const std::vector<move>& moves, communicator& all);
  void add(uint32_t slot, const community_totals& more, bool less);
  void tell_moves(communicator& all);
  void tell_totals(communicator& all);
  uint64_t inner() const;

  const community_graph* g_;
  // By slot: communities founded by own nodes, by their ids, then others that are known here.
  std::vector<hash128> name_;
  std::vector<community_totals> totals_;
  std::unordered_map<hash128, uint32_t, hash128_hasher> known_;  // slots that are not own
  std::vector<uint32_t> slot_;                                   // by local id
  std::vector<uint32_t> moved_at_, asked_at_;                    // by local id; by own id: in which turn last, of all classes and passes; 0: never
  uint32_t turn_ = 0;

  // What other partitions are to hear of.
  std::vector<uint8_t> moved_;                                               // by own node
  std::unordered_map<uint32_t, std::pair<community_totals, community_totals>> owed_;  // by slot that is not own: what came, what went
  std::vector<uint32_t> touched_;                                            // own slots with other totals
  std::vector<hash128> unknown_;                                             // communities whose totals are to be asked for
  std::unordered_map<uint32_t, std::vector<uint32_t>> listeners_;            // by own slot: partitions that asked
};

}  // namespace gli
