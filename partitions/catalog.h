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
/// | strongly_connected_components | – | the same of directed paths there and back; summary: count |
/// | label_propagation | iterations 10 | a key (int64 or utf8); summary: rounds |
/// | core_number | – | int64; summary: largest |
/// | louvain_communities, leiden_communities | resolution 1, threshold 1e-7, max_level (null), seed 0, weight (null) | the smallest key of the community; summary: count, modularity, levels, passes |
/// | modularity | communities (node_weights.h: of each node the number of its), resolution 1, weight (null) | the smallest key of the community; summary: count, modularity |
/// | jaccard_coefficient, adamic_adar_index | pairs (json: [[key, key], ...]; binary, of int keys: all first ones as int64, then all second ones) | binary: of the pairs that the node is the first of, in their order, a float64 each; null: of none; summary: pairs |
/// | maximal_independent_set | – | bool; summary: size |
/// | greedy_color | – | int64 from 0; summary: colors |
/// | topological_generations | – | int64 from 0, null on cycles and behind them; summary: generations, sorted (nodes) |
/// | triangles | – | int64; summary: triangles |
/// | clustering | mode "networkx" \| "ldbc" | float64; summary: average |
/// | pagerank | alpha 0.85, max_iter 100, tol 1e-6, iterations (null), weight (null), personalization (null; node_weights.h), precision (null: "double"; "single") | float64; summary: rounds, change |
/// | eigenvector_centrality | max_iter 100, tol 1e-6, weight (null) | float64; summary: rounds |
/// | katz_centrality | alpha 0.1, beta 1, max_iter 1000, tol 1e-6, normalized true, weight (null) | float64; summary: rounds |
/// | hits | max_iter 100, tol 1e-8, scores "hubs" \| "authorities" | float64; summary: rounds |
/// | closeness_centrality | wf_improved true | float64 |
/// | harmonic_centrality | – | float64 |
/// | betweenness_centrality | k (null: from every node), normalized true, seed 0 | float64 |
/// | degree | mode "total" \| "in" \| "out" | int64 |
/// | bfs | source (key, or json: a list of keys), reverse false, undirected false, depth_limit (null) | int64 depth, null where unreachable; summary: reached, depth, and per depth "depth_0" … counts |
/// | sssp | source (key), weight (attribute, or null: each edge counts 1) | float64, infinity where unreachable; summary: reached |
/// | bfs_predecessors | of bfs | the key before it, null where there is none; summary of bfs |
/// | sssp_predecessors | of sssp | the same on a shortest path |
node_values run(const graph& g, const run_algorithm& what, communicator& all);

/// What run() will say of itself, with the arguments filled in but for nulls; the same failures of theirs.
result_info provenance_of(const run_algorithm& what);

std::vector<std::string> algorithm_names();

/// Jobs that make a graph from a graph; collective.
graph select(const graph& g, const select_elements& what, communicator& all);
graph select(const graph& g, const node_values& values, double low, double high, communicator& all);
/// Summary of compare_graphs; collective. Both graphs partitioned alike.
parameters compare(const graph& older, const graph& newer, communicator& all);

}  // namespace gli
