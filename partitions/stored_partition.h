#pragma once
// Commits on the partitions of a cluster: each reads what it needs, and what others read comes through the communicator.

#include "partitions/shared_store.h"
#include "partitions/values.h"

namespace gli {

/// Partition all.rank() of a commit's graph, however many partitions wrote it, as pages or as a patch. Where they are not as many as these it costs
/// O(n + m). Collective, but for commits with pages of as many partitions in a store that all reach: these exchange nothing. failure{corrupt} when what is stored is not the
/// commit's graph, failure{key} when gc() has removed it.
graph committed_graph(shared_store& store, const hash128& commit, communicator& all);

/// A commit's result, for its graph. Collective where another number of partitions wrote it, or some do not reach the store.
node_values committed_values(shared_store& store, const hash128& commit, size_t index, const graph& of, communicator& all);

/// What was kept of a graph of the commit's graph_id. failure{key} when it is not there (any more).
node_values kept_values(shared_store& store, const hash128& commit, const result_info& what, const graph& of, communicator& all);

}  // namespace gli
