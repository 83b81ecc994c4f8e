#pragma once
// Values of nodes at the homes of their keys, as stores have them, where other partitions own the nodes.

#include <vector>

#include "partitions/graph.h"
#include "runtime/value.h"

namespace gli {

/// Which rows of this home are whose: O(nodes) of memory.
class rows_at_home {
 public:
  /// Of the live nodes of `of`. Collective.
  rows_at_home(const graph& of, communicator& all);

  /// How many nodes have their home here.
  int64_t count() const { return int64_t(count_); }
  /// A column by id as the rows of the nodes at home here, by key hash. Collective.
  column bring(const column& by_id) const;
  /// The inverse. Collective.
  column send_back(const column& rows) const;

 private:
  const graph of_;
  communicator& all_;
  std::vector<uint32_t> own_;                    // live own nodes by key hash: those of one home follow one another
  std::vector<size_t> begin_;                    // by home, of its nodes in own_; and where the last end
  std::vector<std::vector<uint32_t>> place_;     // by owner: rows here, of its nodes in the order of key hashes
  size_t count_ = 0;
};

}  // namespace gli
