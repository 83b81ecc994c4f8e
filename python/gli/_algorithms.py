"""What can be computed of every graph, embedded and distributed, with the names of NetworkX."""

from __future__ import annotations

from ._algorithm_groups import Groups
from ._algorithm_pairs import Pairs
from ._algorithm_paths import Paths
from ._algorithm_rankings import Rankings
from ._algorithm_shapes import Shapes


class Algorithms(Groups, Rankings, Pairs, Paths, Shapes):
    """The algorithms of gli.Graph and gli.DistributedGraph. Results are the same bytes for any number of partitions and threads."""

    __slots__ = ()
