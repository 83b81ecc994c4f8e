"""NetworkX graphs to and from GLI's."""

from __future__ import annotations


def to_networkx(graph):
    """A NetworkX graph of the same kind, nodes, edges and attributes."""
    import networkx as nx

    kinds = {(True, False): nx.DiGraph, (False, False): nx.Graph, (True, True): nx.MultiDiGraph, (False, True): nx.MultiGraph}
    result = kinds[graph.directed, graph.multi]()
    result.graph.update(graph.attributes)
    result.add_nodes_from(graph.nodes.items())
    result.add_edges_from((*ends, attributes) for ends, attributes in graph.edges.items())
    return result


def from_networkx(other):
    """The gli.Graph of the same kind, nodes, edges and attributes."""
    from ._graph import Graph, _from_rows

    if not hasattr(other, "is_multigraph"):
        raise TypeError(f"expected a NetworkX graph, not {other!r}")
    directed, multi = other.is_directed(), other.is_multigraph()
    edges = other.edges(keys=True, data=True) if multi else ((u, v, None, a) for u, v, a in other.edges(data=True))
    graph = _from_rows(Graph, list(other.nodes(data=True)), list(edges), directed, multi)
    if not other.graph:
        return graph
    with graph.batch_operations() as batch:
        for name, value in other.graph.items():
            batch.set_graph_attribute(str(name), value)
    return batch.graph
