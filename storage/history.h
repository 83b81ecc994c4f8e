#pragma once
// Questions on the graph of commits, within one transaction. For storage/ alone.

#include <vector>

#include "storage/manifest.h"

namespace gli::storage {

/// The best common ancestors: none of them is an ancestor of another. Several after criss-cross merges, none where the histories have nothing in common;
/// in the order of their ids. Costs about the commits since them.
std::vector<hash128> merge_bases(reader& manifest, const hash128& a, const hash128& b);

/// A commit and all that it reaches, newest first, at most `limit` (0: no limit): each before its parents.
std::vector<commit_record> newest_first(reader& manifest, const hash128& head, uint32_t limit);

/// Whether `older` is `newer` or one of its ancestors.
bool reaches(reader& manifest, const hash128& newer, const hash128& older);

}  // namespace gli::storage
