"""Calls of every algorithm of the catalog, for tests that hold for all of them.

Graphs have an edge attribute `weight` of positive numbers and a node attribute `age`.
"""

from gli import _core

# By the catalog's name: functions of a graph and one of its nodes.
CALLS = {
    "connected_components": [lambda g, _: g.connected_components()],
    "strongly_connected_components": [lambda g, _: g.strongly_connected_components()],
    "label_propagation": [lambda g, _: g.label_propagation(4)],
    "core_number": [lambda g, _: g.core_number()],
    "maximal_independent_set": [lambda g, _: g.maximal_independent_set()],
    "greedy_color": [lambda g, _: g.greedy_color()],
    "topological_generations": [lambda g, _: g.topological_generations() if g.directed else g.core_number()],
    "louvain_communities": [
        lambda g, _: g.louvain_communities(),
        lambda g, _: g.louvain_communities(weight="weight", resolution=2, seed=3),
    ],
    "leiden_communities": [lambda g, _: g.leiden_communities(), lambda g, _: g.leiden_communities(weight="weight")],
    "modularity": [lambda g, _: g._run("modularity", {"communities": [[k, i % 5] for i, k in enumerate(sorted(g.nodes))]})],
    "triangles": [lambda g, _: g.triangles()],
    "clustering": [lambda g, _: g.clustering(), lambda g, _: g.clustering(mode="ldbc")],
    "jaccard_coefficient": [lambda g, s: g._run("jaccard_coefficient", {"pairs": pairs_of(g, s)})],
    "adamic_adar_index": [lambda g, s: g._run("adamic_adar_index", {"pairs": pairs_of(g, s)})],
    "pagerank": [
        lambda g, _: g.pagerank(),
        lambda g, _: g.pagerank(alpha=0.5, iterations=7),
        lambda g, s: g.pagerank(weight="weight", personalization={s: 1}),
        lambda g, _: g.pagerank(personalization="age", iterations=5),
    ],
    "eigenvector_centrality": [lambda g, _: g.eigenvector_centrality(tol=1e-4, max_iter=10_000, weight="weight")],
    "katz_centrality": [lambda g, _: g.katz_centrality(alpha=0.01)],
    "hits": [lambda g, _: g.hits(tol=1e-4, max_iter=10_000)[0], lambda g, _: g.hits(tol=1e-4, max_iter=10_000)[1]],
    "closeness_centrality": [lambda g, _: g.closeness_centrality()],
    "harmonic_centrality": [lambda g, _: g.harmonic_centrality()],
    "betweenness_centrality": [
        lambda g, _: g.betweenness_centrality(),
        lambda g, _: g.betweenness_centrality(k=7, seed=3, normalized=False),
    ],
    "degree": [lambda g, _: g.degree(), lambda g, _: g.degree(mode="in")],
    "bfs": [
        lambda g, s: g.bfs(s),
        lambda g, s: g.bfs(s, reverse=True),
        lambda g, s: g.bfs(s, undirected=True, depth_limit=2),
    ],
    "bfs_predecessors": [lambda g, s: g.bfs_predecessors(s), lambda g, s: g.bfs_predecessors([s], depth_limit=3)],
    "sssp": [lambda g, s: g.sssp(s, weight="weight"), lambda g, s: g.sssp(s)],
    "sssp_predecessors": [lambda g, s: g.sssp_predecessors(s, weight="weight"), lambda g, s: g.sssp_predecessors(s)],
}
assert CALLS.keys() == set(_core.algorithm_names())


def pairs_of(graph, node) -> list[list]:
    return [[node, other] for other in list(graph.nodes)[:30]] + [[other, node] for other in list(graph.nodes)[:30]]
