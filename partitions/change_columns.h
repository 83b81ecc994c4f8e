#pragma once
// Which columns a graph has after changes, and of what types.

#include <span>
#include <vector>

#include "partitions/changes.h"

namespace gli {

/// What becomes of one column.
struct column_plan {
  const paged_column* old = nullptr;
  column_type type = column_type::int64;

  bool converted() const { return old && old->type != type; }
  page_ptr old_page(size_t p) const;  // as one of the column's new type; may be null
};

/// The columns that hold what outlives the changes and what is new, of the common_type of all.
/// Old values in `removed` rows do not count. Collective.
std::vector<column_plan> plan_columns(const std::vector<paged_column>& columns, const attribute_names& names, std::span<const page_changes> changes,
                                      const std::vector<uint64_t>& removed, communicator& all);

/// Columns that the changes emptied go, on all partitions alike; one that was empty before stays.
void drop_emptied(std::vector<paged_column>& columns, const std::vector<column_plan>& plans, const std::vector<uint64_t>& removed_before,
                  const std::vector<uint64_t>& removed, communicator& all);

}  // namespace gli
