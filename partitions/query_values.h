#pragma once
// Answers about results, and the columns that all answers share. Behind partitions/query.h.

#include <span>

#include "partitions/query.h"

namespace gli {

struct row_window { int64_t offset = 0, limit = INT64_MAX; };
row_window window_of(const parameters& p);                       // "offset" and "limit"
std::vector<int32_t> nodes_in(const graph& g, row_window w);     // live own ids in insertion order

column id_column(const graph& g, std::span<const int32_t> nodes);        // "id"
column sequence_column(const graph& g, std::span<const int32_t> nodes);  // "_seq"

column_batch answer_values(const query& q, const node_values& values, const node_values* other);

}  // namespace gli
