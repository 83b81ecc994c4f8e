#pragma once
// The int64 ids of a file of nodes, for lines of edges that must name no others. One thread fills it; settled, any number read.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "runtime/value.h"

namespace gli {

class known_ids {
 public:
  /// Those of a batch's column "".
  void add(const column_batch& nodes) {
    auto ids = nodes.find("");
    for (int64_t i = 0; i < nodes.rows; ++i) sorted_.push_back(ids->int64(i));
  }
  void settle() {
    if (!std::is_sorted(sorted_.begin(), sorted_.end())) std::sort(sorted_.begin(), sorted_.end());
  }
  bool contains(int64_t id) const { return std::binary_search(sorted_.begin(), sorted_.end(), id); }

 private:
  std::vector<int64_t> sorted_;
};

}  // namespace gli
