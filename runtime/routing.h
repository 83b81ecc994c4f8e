#pragma once
// Which partition takes which rows of a batch.

#include <cstdint>
#include <span>
#include <vector>

#include "runtime/value.h"

namespace gli {

/// The named column; throws failure{value} when it is not there, failure{type} when it holds no keys.
const column& key_column(const column_batch& rows, const char* name);

/// Of edges that have no direction the smaller key becomes the source: numbers as numbers, text by its bytes.
void orient(column_batch& edges);

/// Row numbers by owner, those of each in their order.
class rows_of_owners {
 public:
  rows_of_owners() = default;
  /// Of the keys of rows, dealt out to so many partitions.
  rows_of_owners(const column& keys, uint32_t owners);
  std::span<const uint32_t> of(uint32_t owner) const { return std::span{rows_}.subspan(begin_[owner], begin_[owner + 1] - begin_[owner]); }

 private:
  template <class OwnerOf>
  void route(OwnerOf&& owner_of_row);
  std::vector<uint32_t> begin_, rows_;
};

/// The rows that each of so many partitions owns by their `keys`, in their order.
std::vector<column_batch> split_by_owner(const column_batch& rows, const column& keys, uint32_t owners);

}  // namespace gli
