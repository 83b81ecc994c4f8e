#pragma once
// What the partitions of one graph have together: their columns, and the types of their keys. Inside of gather.cpp and reshard.cpp only.

#include <span>
#include <string>
#include <vector>

#include "partitions/graph.h"

namespace gli {

struct column_shape { std::string name; column_type type; };

std::vector<column_shape> shapes_of(const std::vector<paged_column>& columns);
/// The columns of all partitions by name, those of the partition with the most first; json where types differ.
std::vector<column_shape> joined_columns(std::span<const std::vector<column_shape>> by_partition);
/// What all kinds are; types of keys are none where no partition has keys. failure{corrupt} when they are of different graphs.
graph_kind joined_kind(std::span<const graph_kind> kinds);
/// The column of that name; null when there is none.
const paged_column* column_named(const std::vector<paged_column>& columns, const std::string& name);

}  // namespace gli
