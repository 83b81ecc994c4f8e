#pragma once
// All neighbors of each node of an undirected graph in one ascending list. Its pages keep each edge once, so that a node's neighbors are two lists in two
// places; kernels that read most of the edges would end two loops a node whose lengths nobody can foretell. Pages of the same form as those of a topology,
// one after the other on huge pages; 8 bytes an edge and 4 a node. Constant after it was made: any thread reads.

#include <cstdint>
#include <vector>

#include "partitions/huge_array.h"
#include "partitions/page.h"

namespace gli {

struct topology;

class neighbor_lists {
 public:
  /// Of a node those of `out` and `in` together, which are pages of the same nodes. O(n + m) on all cores.
  neighbor_lists(const topology& out, const topology& in);

  /// By page; never null.
  const std::vector<const topology_page*>& directory() const { return directory_; }
  uint64_t bytes() const { return bytes_ + directory_.size() * sizeof(directory_[0]); }

 private:
  uint64_t bytes_ = 0;
  huge_array<uint8_t> memory_{0};
  std::vector<const topology_page*> directory_;
};

}  // namespace gli
