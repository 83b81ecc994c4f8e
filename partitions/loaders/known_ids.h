#pragma once
// The int64 ids of a file of nodes, for lines of edges that must name no others. One thread fills it; settled, any number read.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
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
  /// int64 values as they lie in a column.
  void add_bytes(std::span<const uint8_t> values) {
    auto before = sorted_.size();
    sorted_.resize(before + values.size() / sizeof(int64_t));
    if (sorted_.size() > before) std::memcpy(sorted_.data() + before, values.data(), (sorted_.size() - before) * sizeof(int64_t));
  }
  void settle() {
    if (!std::is_sorted(sorted_.begin(), sorted_.end())) std::sort(sorted_.begin(), sorted_.end());
  }
  bool contains(int64_t id) const { return std::binary_search(sorted_.begin(), sorted_.end(), id); }

 private:
  std::vector<int64_t> sorted_;
};

}  // namespace gli
