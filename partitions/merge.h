#pragma once
// Three-way merge of graphs: what two sides changed since a base, brought together by key and attribute. docs/versions.md, "Merging".

#include <functional>
#include <vector>

#include "partitions/version.h"
#include "runtime/communicator.h"
#include "runtime/edit.h"
#include "runtime/merge.h"

namespace gli {

using merge_resolver = std::function<merge_choice(const merge_conflict&)>;

/// `ours` with what `theirs` changed since `base`, and all conflicts in the order of nodes, edges, the graph, each by key and attribute. A conflict is
/// as `resolve` says. The cost follows the changes, as that of visit_changes does. Edges whose ends are gone are gone. failure{value} for graphs of
/// different kinds, failure{type} for keys of different types.
version merge(const version& base, const version& ours, const version& theirs, const merge_resolver& resolve, std::vector<merge_conflict>& conflicts);

/// The same of partitions of graphs, each partitioned alike. Collective: all partitions resolve alike and see the same conflicts.
graph merge(const graph& base, const graph& ours, const graph& theirs, const merge_resolver& resolve, std::vector<merge_conflict>& conflicts,
            communicator& all);

/// What merge() does to ours.
std::vector<edit> merge_edits(const version& base, const version& ours, const version& theirs, const merge_resolver& resolve,
                              std::vector<merge_conflict>& conflicts);

}  // namespace gli
