"""Other threads have their turns during long calls, and a graph's object is as plain as its version."""

import gc
import sys
import threading
import weakref

import numpy as np
import pyarrow as pa
import pytest

import gli

SPOKES = {"int64": 1_200_000, "str": 100_000}


@pytest.fixture
def turns_are_given():
    """Threads switch only where a call lets others run."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    yield
    sys.setswitchinterval(before)


@pytest.fixture(scope="module", params=list(SPOKES))
def hub(request):
    spokes = np.arange(1, SPOKES[request.param] + 1)
    ends = pa.table({"source": np.zeros_like(spokes), "target": spokes})
    graph = gli.from_arrow(ends if request.param == "int64" else ends.cast(pa.schema({"source": pa.string(), "target": pa.string()})))
    return graph, next(iter(graph.nodes))


def test_a_thread_advances_while_another_asks_for_the_neighbors_of_a_hub(hub, turns_are_given):
    graph, centre = hub
    advanced, gate = [], threading.Lock()
    gate.acquire()

    def advance():
        with gate:
            advanced.append(True)

    thread = threading.Thread(target=advance)
    thread.start()
    gate.release()  # from here on it lacks nothing but its turn
    for _ in range(100):
        found = graph.neighbors(centre)
        if advanced:
            break
    assert advanced and len(found) == SPOKES[graph.key_type] and found == sorted(found)
    thread.join()


def test_lists_of_neighbors_are_whole_and_collected(hub):
    graph, centre = hub
    found = graph.neighbors(centre)
    assert gc.is_tracked(found) and None not in found and graph.predecessors(found[-1]) == [centre]


def test_graphs_are_not_for_the_collector_and_subclasses_are():
    graph = gli.Graph().add_node(1)
    assert not gc.is_tracked(graph) and not gc.is_tracked(graph.add_edge(1, 1))

    class Named(gli.Graph):
        pass

    named = Named()
    named.name = "n"
    named.me = named
    again, seen = named.add_node(1), weakref.ref(named)
    assert type(again) is Named and gc.is_tracked(again) and again.node_count == 1
    del named
    gc.collect()
    assert seen() is None and again.neighbors(1) == []


def test_a_plain_subclass_is_a_graph_too():
    class Plain(gli.Graph):
        __slots__ = ()

    graph = Plain().add_node("a").add_edge("a", "b", create_nodes=True)
    assert type(graph) is Plain and graph.neighbors("a") == ["b"] and weakref.ref(graph)() is graph


def test_a_subclass_with_a_finaliser_is_finalised():
    gone = []

    class Told(gli.Graph):
        __slots__ = ()

        def __del__(self):
            gone.append(self.node_count)

    Told().add_node(1)
    assert sorted(gone) == [0, 1]
