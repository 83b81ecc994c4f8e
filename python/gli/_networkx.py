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


def from_networkx(make, other):
    """`make(directed, multi)` gives the empty graph to fill."""
    if not hasattr(other, "is_multigraph"):
        raise TypeError(f"expected a NetworkX graph, not {other!r}")
    graph = make(directed=other.is_directed(), multi=other.is_multigraph())
    with graph.batch_operations() as batch:
        for name, value in other.graph.items():
            batch.set_graph_attribute(str(name), value)
        batch.add_nodes((n, attributes) for n, attributes in other.nodes(data=True))
        if other.is_multigraph():
            batch.add_edges((u, v, k, attributes) for u, v, k, attributes in other.edges(keys=True, data=True))
        else:
            batch.add_edges((u, v, attributes) for u, v, attributes in other.edges(data=True))
    return batch.graph
