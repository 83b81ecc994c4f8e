#pragma once
// Which partition takes which rows of a batch.

#include <vector>

#include "runtime/value.h"

namespace gli {

/// The named column; throws failure{value} when it is not there, failure{type} when it holds no keys.
const column& key_column(const column_batch& rows, const char* name);

/// Of edges that have no direction the smaller key becomes the source: numbers as numbers, text by its bytes.
void orient(column_batch& edges);

/// The rows that each of so many partitions owns by their `keys`, in their order.
std::vector<column_batch> split_by_owner(const column_batch& rows, const column& keys, uint32_t owners);

}  // namespace gli
