#pragma once
// Which trees of pages a stored root names, for storage/, which keeps and collects pages without knowing what they hold.

#include <optional>
#include <vector>

#include "storage/page_walk.h"

namespace gli {

/// The trees of a graph's or a result's root page; nothing for a page of another kind. failure{corrupt} for a root that does not hold.
std::optional<std::vector<storage::page_tree>> root_trees(std::span<const uint8_t> page);

}  // namespace gli
