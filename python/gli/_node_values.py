"""What an algorithm answers: one value for each node, as a mapping and as a column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from ._checks import whole
from ._table import Table, counted

if TYPE_CHECKING:
    from ._methods import GraphMethods


_CALLED_BY_KEYS = {
    "bfs_predecessors",
    "connected_components",
    "label_propagation",
    "leiden_communities",
    "louvain_communities",
    "modularity",
    "sssp_predecessors",
    "strongly_connected_components",
}


@dataclass(frozen=True)
class Provenance:
    """Where values come from: the algorithm, its version, its arguments with defaults filled in, and what it says about the whole."""

    algorithm: str
    version: int
    arguments: dict[str, Any]
    summary: dict[str, Any] = field(default_factory=dict)


class NodeValues(Mapping):
    """One value for each node, in the nodes' insertion order; None where there is no answer (unreachable).

    >>> import gli
    >>> g = gli.Graph.from_edge_list([(1, 2), (2, 3), (7, 8)])
    >>> depth = g.bfs(1)
    >>> depth[3], depth[7], len(depth)
    (2, None, 5)
    >>> g.connected_components().sizes()
    value  count
        1      3
        7      2
    """

    def __init__(self, graph: GraphMethods, values, provenance: Provenance):
        self._graph = graph
        self._values = values
        self._provenance = provenance

    @property
    def provenance(self) -> Provenance:
        """The algorithm, its version and arguments."""
        return self._provenance

    @property
    def summary(self) -> dict[str, Any]:
        """What the algorithm says about the whole graph, such as the number of rounds."""
        return dict(self._provenance.summary)

    @property
    def graph(self) -> GraphMethods:
        """The graph that the values belong to."""
        return self._graph

    def _ask(self, name: str, other: NodeValues | None = None, **arguments) -> pa.Table:
        return self._graph._query(name, values=self._values, other=other and other._values, **arguments)

    @cached_property
    def _table(self) -> pa.Table:
        return self._ask("values")

    # --- as a mapping ---------------------------------------------------------------------------------------------------------

    def __getitem__(self, key):
        rows = self._ask("value", key=self._graph._checked_key(key))
        if rows.num_rows == 0:
            raise KeyError(f"Node {key!r} not found")
        return rows.column("value")[0].as_py()

    def __contains__(self, key) -> bool:
        return self._graph.has_node(key)

    def __iter__(self) -> Iterator:
        return iter(self._table.column("id").to_pylist())

    def __len__(self) -> int:
        return self._graph.node_count

    def items(self):
        """(key, value) pairs in insertion order."""
        return self.to_dict().items()

    def values(self):
        """The values in insertion order."""
        return self.to_dict().values()

    # --- as a column ----------------------------------------------------------------------------------------------------------

    def to_arrow(self) -> pa.Table:
        """Columns id and value, in insertion order: the same bytes for any number of partitions."""
        return self._table

    def to_pandas(self):
        """A pandas Series by key."""
        frame = self._table.to_pandas()
        return frame.set_index("id")["value"].rename(self._provenance.algorithm)

    def to_polars(self):
        """A polars DataFrame of id and value."""
        import polars

        return polars.from_arrow(self._table)

    def to_dict(self) -> dict:
        """{key: value}."""
        return dict(zip(self._table.column("id").to_pylist(), self._table.column("value").to_pylist()))

    def to_numpy(self):
        """The values as an array in insertion order; nulls of number columns become NaN."""
        return self._table.column("value").to_numpy(zero_copy_only=False)

    def __arrow_c_stream__(self, requested_schema=None):
        return self._table.__arrow_c_stream__(requested_schema)

    # --- questions ------------------------------------------------------------------------------------------------------------

    def top(self, n: int = 10, ascending: bool = False) -> Table:
        """The n largest values (or smallest), ties in key order for int keys; nulls last.

        >>> import gli
        >>> gli.Graph.from_edge_list([(1, 2), (3, 2)]).degree().top(1)
        id  value
         2      2
        """
        return Table(self._ask("top", n=_positive(n), ascending=bool(ascending)))

    def sizes(self, n: int | None = None) -> Table:
        """How many nodes have each value, most first."""
        return Table(self._ask("sizes", **({} if n is None else {"n": _positive(n)})), self._names())

    def histogram(self) -> Table:
        """How many nodes have each value, by value; those that have none (unreachable) last, under None."""
        rows = self._ask("histogram")
        without = len(self) - sum(rows["count"].to_pylist())
        if without:
            rows = pa.concat_tables([rows, pa.table([[None], [without]], schema=rows.schema)])
        return Table(rows.combine_chunks(), self._names())

    def _names(self) -> set[str]:
        """Groups are called by a node's key."""
        return {"value"} if self._provenance.algorithm in _CALLED_BY_KEYS else set()

    def count(self) -> int:
        """How many different values there are: of components, how many components."""
        known = self._provenance.summary.get("count")
        return known if known is not None else len(self.sizes())

    def groups(self) -> list[set]:
        """The nodes of each value as a set, as NetworkX has components and communities: the largest first, of equal ones as they came.

        Nodes without a value are in none.

        >>> import gli
        >>> gli.Graph.from_edge_list([(7, 8), (1, 2), (2, 3)]).connected_components().groups()
        [{1, 2, 3}, {8, 7}]
        """
        found: dict[Any, set] = {}
        for node, value in self.items():
            if value is not None:
                found.setdefault(value, set()).add(node)
        return sorted(found.values(), key=len, reverse=True)

    def compare(self, older: NodeValues) -> Comparison:
        """What moved since `older`; a node on one side only counts as 0 on the other.

        >>> import gli
        >>> monday = gli.Graph.from_edge_list([("a", "b"), ("c", "b")])
        >>> friday = monday.add_edge("a", "c")
        >>> friday.degree().compare(monday.degree()).top(1)["change"]
        [1.0]
        """
        if not isinstance(older, NodeValues):
            raise TypeError(f"compare takes the older NodeValues, not {older!r}")
        self._graph._check_same_place(older._graph)
        return Comparison(self, older)

    def __repr__(self):
        p = self._provenance
        return f"NodeValues({p.algorithm}, {counted(len(self), 'node')})\n{self.top(5, ascending=p.algorithm == 'bfs')!r}"

    def _repr_html_(self):
        p = self._provenance
        return f"<p>{p.algorithm}: {counted(len(self), 'node')}</p>{self.top(10, ascending=p.algorithm == 'bfs')._repr_html_()}"

    def __eq__(self, other):
        if isinstance(other, NodeValues):
            return self._table.equals(other._table)
        return NotImplemented

    __hash__ = None


class Comparison:
    """How values moved from an older result to a newer one; None where a node was not there, or had no value.

    >>> import gli
    >>> monday = gli.Graph.from_edge_list([("a", "b"), ("c", "b")])
    >>> friday = monday.remove_node("c").add_node("d").add_edge("d", "a")
    >>> moved = friday.degree().compare(monday.degree())
    >>> moved.to_arrow().column_names, sorted(moved.top(4)["change"])
    (['id', 'value', 'older', 'change'], [-1.0, -1.0, 1.0, 1.0])
    >>> moved.entered()["id"], moved.left()["id"]
    (['d'], ['c'])
    """

    def __init__(self, newer: NodeValues, older: NodeValues):
        self._newer = newer
        self._older = older

    def top(self, n: int = 10) -> Table:
        """The n nodes that moved most: id, value, older, change."""
        return Table(self._newer._ask("compare", other=self._older, n=_positive(n)))

    def to_arrow(self) -> pa.Table:
        """All nodes, those that moved most first."""
        return self._newer._ask("compare", other=self._older, n=self._newer._graph.node_count + self._older._graph.node_count)

    def entered(self) -> Table:
        """The nodes that have a value now and had none: id, value, older, change; the largest change first."""
        return self._only("older")

    def left(self) -> Table:
        """The nodes that had a value and have none now, likewise."""
        return self._only("value")

    def _only(self, missing: str) -> Table:
        rows = self.to_arrow()
        other = "older" if missing == "value" else "value"
        return Table(rows.filter(pc.and_(pc.is_null(rows[missing]), pc.is_valid(rows[other]))))

    def __repr__(self):
        return repr(self.top())


def _positive(n: int) -> int:
    return whole(n, "n", 0)
