#pragma once
// The algorithms by name, and the jobs that run the same embedded and on partitions.

#include <optional>
#include <string>
#include <vector>

#include "partitions/values.h"
#include "runtime/communicator.h"
#include "runtime/job.h"

namespace gli {

/// Runs a named algorithm; collective. Arguments are checked first: failure{value | type | key} naming the argument.
///
/// | name | arguments | values |
/// |---|---|---|
/// | connected_components | – | the smallest key of the component (int64 or utf8); summary: count |
/// | pagerank | alpha 0.85, max_iter 100, tol 1e-6, iterations (null) | float64; summary: rounds, change |
/// | bfs | source (key), reverse false, undirected false, depth_limit (null) | int64 depth, null where unreachable; summary: reached, depth, and per depth "depth_0" … counts |
/// | degree | mode "total" \| "in" \| "out" | int64 |
node_values run(const graph& g, const run_algorithm& what, communicator& all);

/// What run() will say of itself, with the arguments filled in; the same failures of theirs.
result_info provenance_of(const run_algorithm& what);

std::vector<std::string> algorithm_names();

/// Jobs that make a graph from a graph; collective.
graph select(const graph& g, const select_elements& what, communicator& all);
graph select(const graph& g, const node_values& values, double low, double high, communicator& all);
/// Summary of compare_graphs; collective. Both graphs partitioned alike.
parameters compare(const graph& older, const graph& newer, communicator& all);

}  // namespace gli
