#pragma once
// Commits on the partitions of a cluster: each reads the store beside it, and what others read comes through the communicator.

#include "partitions/values.h"
#include "runtime/communicator.h"
#include "storage/states.h"

namespace gli {

/// Partition all.rank() of a commit's graph, however many partitions wrote it, as pages or as a patch. Where they are not as many as these it costs
/// O(n + m). Collective, but for commits with pages of as many partitions: these exchange nothing. failure{corrupt} when what is stored is not the
/// commit's graph, failure{key} when gc() has removed it.
graph committed_graph(storage::graph_store& store, const hash128& commit, communicator& all);

/// A commit's result, for its graph. Collective where another number of partitions wrote it.
node_values committed_values(storage::graph_store& store, const hash128& commit, size_t index, const graph& of, communicator& all);

/// What was kept of a graph of the commit's graph_id. failure{key} when it is not there (any more).
node_values kept_values(storage::graph_store& store, const hash128& commit, const result_info& what, const graph& of, communicator& all);

}  // namespace gli
