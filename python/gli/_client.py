"""A driver's connection to a cluster."""

from __future__ import annotations

import functools
import inspect
import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from . import _construct, _core, _loading
from ._addresses import credentials_for, door_of, given_address, is_beyond
from ._distributed import DistributedGraph, partitioner_name
from ._errors import ClusterError, GliError, WorkerLostError
from ._fit import Fit, fitting
from ._formats.readers import Readers
from ._graph import Graph
from ._jobs import JobCalls, JobInfo
from ._progress import Progress

_UNKNOWN_HANDLE = re.compile(r"this worker has no \w+ with handle|no (graph|result) with handle")
_NOTICE_SECONDS = 0.5  # in which the coordinator hears of a killed worker


@dataclass(frozen=True)
class WorkerInfo:
    """A worker as the coordinator knows it."""

    worker: int
    partition: int
    pid: int
    host: str
    address: str
    state: str
    last_error: str
    host_id: str
    """The same for workers that reach each other's sockets."""
    tls_address: str
    """Its door for other hosts; empty: it has none."""
    cores: int
    """How many threads its kernels use."""
    numa_node: int
    """The node that it is bound to; -1: to none."""
    memory_limit: int
    """Bytes; 0: no limit."""
    memory: int
    """Bytes that it had resident when it last said so."""
    sent: int
    """Bytes that it had sent to other workers by then."""
    received: int
    """Bytes that it had got from other workers by then."""


@dataclass(frozen=True)
class CallInfo:
    """A call that the workers run, or that waits for its turn: an algorithm, a load, an edit, a step of a commit."""

    call: int
    what: str
    """An algorithm, or another task, such as "finish_load"."""
    driver: str
    """Who asked; empty: the coordinator itself."""
    since: float
    """When it was asked for, in seconds since 1970."""
    started: float | None
    """When it began to run; None: it waits."""
    step: str
    """What it does now, as it last said; empty: it has said nothing yet."""
    done: int
    """Rounds of an algorithm, or another count of the step."""
    total: int
    """What `done` will be at the end; 0: unknown."""
    detail: str
    """For people, such as "residual 1.2e-05"."""
    bytes: int
    """That workers have sent each other for it, as far as they have said."""

    @property
    def state(self) -> str:
        """ "running" or "waiting"."""
        return "waiting" if self.started is None else "running"


@dataclass(frozen=True)
class FailedCall:
    """A call that failed, and was not cancelled."""

    call: int
    what: str
    """An algorithm, or another task, such as "finish_load"."""
    error: str
    time: float
    """Of the failure, in seconds since 1970."""


@dataclass(frozen=True)
class Status:
    """A cluster as its coordinator knows it."""

    cluster: str
    epoch: int
    partitions: int
    workers: tuple[WorkerInfo, ...]
    jobs: tuple[JobInfo, ...]
    """What users submitted: what waits, runs, and of what has ended the last 100; the oldest first."""
    log: str
    failed: tuple[FailedCall, ...]
    """The last calls that failed, at most 8, oldest first."""
    calls: tuple[CallInfo, ...]
    """What runs, then what waits."""
    drivers: int
    """How many are connected, this one included."""

    @property
    def ready(self) -> bool:
        """Whether every partition has a worker."""
        return len(self.workers) == self.partitions and all(w.state == "ready" for w in self.workers)


def _dealt(make: Callable[..., DistributedGraph]) -> Callable[..., DistributedGraph]:
    """A reader or constructor that also takes `partitioner`. The graph is loaded by the hashes of its keys, and then its nodes move."""

    @functools.wraps(make)
    def dealt(self: Client, *arguments, partitioner: str = "hash", **options) -> DistributedGraph:
        partitioner_name(partitioner)
        graph = make(self, *arguments, **options)
        return graph if partitioner == "hash" else graph.repartition(partitioner)

    shown = inspect.signature(make)
    last = [p for p in shown.parameters.values() if p.kind is p.VAR_KEYWORD]
    others = [p for p in shown.parameters.values() if p.kind is not p.VAR_KEYWORD]
    own = inspect.Parameter("partitioner", inspect.Parameter.KEYWORD_ONLY, default="hash", annotation="str")
    dealt.__signature__ = shown.replace(parameters=[*others, own, *last])  # type: ignore[attr-defined]
    own_word = 'partitioner= deals the nodes out to the workers as repartition() does: "hash", "range" or "stream".'
    dealt.__doc__ = f"{inspect.cleandoc(make.__doc__ or '')}\n\n{own_word}"
    return dealt


class Client(Fit, Readers[DistributedGraph], JobCalls):
    """Loads graphs to a cluster and asks it questions. For one thread at a time; others wait.

    `cluster` is a LocalCluster, a SLURMCluster or an address: unix:///path/coordinator.sock, the directory /path, or gli://HOST:PORT.
    `timeout` is how many seconds the coordinator may take for small answers. `credentials` is the path of a driver.pem of the cluster, for
    what is on other hosts (default: the SLURMCluster's, else what GLI_CREDENTIALS names; with a socket's address what lies beside it, if
    anything).
    """

    def __init__(self, cluster, timeout: float = 10, credentials: str | os.PathLike | None = None):
        address = os.fspath(cluster) if isinstance(cluster, (str, os.PathLike)) else getattr(cluster, "address", None)
        if not isinstance(address, str):
            known = "a gli.LocalCluster, a gli.SLURMCluster or an address such as 'unix:///path/coordinator.sock'"
            raise TypeError(f"a client is of {known}, not of {cluster!r}")
        self._address: str = address
        self._timeout = float(timeout)
        self._lock = threading.Lock()
        self._dropped: list[int] = []
        self._worker_clients: dict[str, _core.WorkerClient] = {}
        self._members: list[WorkerInfo] | None = None
        self._door, self._credentials = door_of(self._address), credentials or getattr(cluster, "credentials", None)
        self._bridge: _core.TlsBridge | None = None
        self._core: _core.DriverClient | None = _core.DriverClient(self._door, self._timeout, self._bridge_to(self._door))

    def _bridge_to(self, *addresses: str) -> _core.TlsBridge | None:
        """What reaches these, made when it is first needed; at sockets none is, and nothing is read."""
        if self._bridge is None and any(map(is_beyond, addresses)):
            proof = credentials_for(self._door, self._credentials, "driver")
            self._bridge = None if proof is None else _core.TlsBridge(proof)
        return self._bridge

    @property
    def address(self) -> str:
        """Where the coordinator is."""
        return self._address

    def close(self) -> None:
        """Ends the connection; the cluster releases what it held for it."""
        with self._lock:
            self._core = self._bridge = None
            self._worker_clients.clear()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_):
        self.close()

    def __reduce__(self):
        raise TypeError("a client cannot be sent: inside of a job gli.connect() is one of the cluster that runs it")

    def __repr__(self):
        return f"<gli.Client of {self._address}{'' if self._core else ', closed'}>"

    # --- requests -------------------------------------------------------------------------------------------------------------

    def _call(self, ask: Callable[[_core.DriverClient], Any]) -> Any:
        with self._lock:
            if self._core is None:
                raise ClusterError(f"this client of {self._address} is closed")
            dropped = [self._dropped.pop() for _ in range(len(self._dropped))]
            if dropped:
                self._core.release(dropped, self._timeout)
            return ask(self._core)

    def _release(self, number: int) -> None:
        """Runs whenever Python collects a handle, on any thread: notes it for the next request."""
        self._dropped.append(number)

    def _job(self, graph: int, body: tuple, title: str, timeout: float = 0) -> dict:
        with Progress(title) as progress:
            try:
                return self._call(lambda core: core.job(graph, body, progress, timeout))
            except KeyError as error:
                raise _lost_value(error) from None

    def ping(self) -> None:
        """Returns when the coordinator has answered."""
        self._call(lambda core: core.ping(self._timeout))

    def status(self) -> Status:
        """The cluster, its workers, and what runs on them now.

        >>> import gli
        >>> with gli.LocalCluster(n_workers=1) as cluster, gli.Client(cluster) as client:
        ...     status = client.status()
        >>> status.ready, status.workers[0].state, status.calls, status.drivers
        (True, 'ready', (), 2)
        """
        d = self._call(lambda core: core.status(self._timeout))
        workers = tuple(WorkerInfo(**w) for w in d["workers"])
        failed = tuple(FailedCall(**{**f, "time": f["time"] / 1e6}) for f in d["failed"])
        calls = tuple(CallInfo(**{**c, "since": c["since"] / 1e6, "started": c["started"] / 1e6 or None}) for c in d["calls"])
        jobs = tuple(JobInfo(**j) for j in d["submitted"])
        return Status(d["cluster"], d["epoch"], d["partitions"], workers, jobs, d["log"], failed, calls, d["drivers"])

    def shutdown(self) -> None:
        """Ends the cluster."""
        self._call(lambda core: core.shutdown(self._timeout))

    # --- questions to workers -------------------------------------------------------------------------------------------------

    def _workers_by_partition(self) -> list[WorkerInfo]:
        if self._members is None:
            members = sorted(self.status().workers, key=lambda w: w.partition)
            if all(w.state == "ready" for w in members):
                self._members = members
            return members
        return self._members

    def _ask_worker(self, worker: WorkerInfo, name: str, numbers: tuple[int, int, int], arguments: dict) -> pa.Table:
        try:
            return pa.table(self._worker_client(worker).ask(name, *numbers, arguments))
        except (GliError, OSError, KeyboardInterrupt):
            self._worker_clients.clear()
            self._members = None
            raise

    def _worker_client(self, worker: WorkerInfo) -> _core.WorkerClient:
        """The connection to it. WorkerLostError where it is not reached, as of one that breaks."""
        if worker.address not in self._worker_clients:
            bridge = self._bridge_to(worker.address)
            try:
                self._worker_clients[worker.address] = _core.WorkerClient(worker.address, self._core.cluster, bridge)
            except (ClusterError, TimeoutError) as error:
                raise WorkerLostError(str(error)) from None
        return self._worker_clients[worker.address]

    def _ask(
        self, which: Callable[[list[WorkerInfo]], list[WorkerInfo]], name: str, numbers: tuple[int, int, int], arguments: dict
    ) -> list[pa.Table]:
        """The answers of some workers. One that was replaced since is asked at its new door, once it has what it lost; one that is gone is
        named."""
        for again in (True, False):
            workers = which(self._workers_by_partition())
            try:
                return self._call(lambda _: [self._ask_worker(w, name, numbers, arguments) for w in workers])
            except KeyError as error:
                lost = _lost_value(error)
                if lost is error or not again:
                    raise lost from None
                self._await_restored()
            except WorkerLostError as error:
                named = self._named(error)
                if named is not error or not again:
                    raise named from None
        raise AssertionError("unreachable")

    def _ask_all(self, name: str, numbers: tuple[int, int, int], arguments: dict) -> list[pa.Table]:
        """One answer for each partition, in order."""
        return self._ask(lambda workers: workers, name, numbers, arguments)

    def _ask_partition(self, partition: int, name: str, numbers: tuple[int, int, int], arguments: dict) -> pa.Table:
        return self._ask(lambda workers: [workers[partition]], name, numbers, arguments)[0]

    def _partitions(self) -> int:
        return len(self._workers_by_partition())

    def _await_restored(self) -> None:
        """Until no worker is getting back what its predecessor held."""
        self._members = None
        while any(w.state == "restoring" for w in self.status().workers):
            time.sleep(_NOTICE_SECONDS / 20)

    def _named(self, error: WorkerLostError) -> WorkerLostError:
        """The coordinator's word on a worker that a connection lost: which one, with its last log lines. The error itself if none is."""
        deadline = time.monotonic() + _NOTICE_SECONDS
        while time.monotonic() < deadline:
            lost = [w for w in self.status().workers if w.state == "lost"]
            if lost:
                return WorkerLostError(lost[0].last_error)
            time.sleep(_NOTICE_SECONDS / 20)
        return error

    # --- loading (the Place of _loading.py) -----------------------------------------------------------------------------------

    def _begin(self, *, directed, multi, keys, endpoints_must_exist, origin, duplicates, rows_of=0) -> _loading.Load:
        kind = (directed, multi, keys, endpoints_must_exist, origin, duplicates, rows_of)
        begun = self._call(lambda core: core.begin_load(*kind, self._timeout))
        try:
            bridge = self._bridge_to(*(w["address"] for w in begun["workers"]))
            rows = _core.Scatter(begun["workers"], self._core.cluster, begun["load"], directed, multi, keys, bridge)
            return _loading.Load(rows, begun["load"])
        except BaseException:
            self._release(begun["load"])
            raise

    def _load_sources(self, sources: list[_loading.Source], progress, **kind) -> tuple[DistributedGraph, dict[str, int]] | None:
        """The workers read, unless it is of this process only: a pipe."""
        if any(s.path is not None and os.path.exists(s.path) and not os.path.isfile(s.path) and not os.path.isdir(s.path) for s in sources):
            return None
        self._refuse_sources(sources, kind["directed"])
        told = [s.for_workers() for s in sources]
        try:
            reply = self._call(lambda core: core.job(0, ("read_sources", tuple(kind.values()), told), progress))
        except OSError as error:
            here = next((s.path for s in sources if s.path is not None and s.path in str(error) and os.access(s.path, os.R_OK)), None)
            if here is None or os.path.isdir(here):
                raise
            raise type(error)(f"{error}; this process can read it, but the workers read the files that they load themselves") from None
        counts = reply["partitions"][0]
        for i, source in enumerate(sources):
            if source.skipped is not None:
                source.skipped.take_summary(counts, i)
        return DistributedGraph(self, reply), counts

    def _finish(self, target: _loading.Load, progress) -> tuple[DistributedGraph, dict[str, int]]:
        target.rows.finish()
        reply = self._call(lambda core: core.job(0, ("finish_load", target.number), progress))
        return DistributedGraph(self, reply), reply["partitions"][0]

    def _add_rows(self, graph: int, rows) -> dict:
        """What a job answers that adds rows of gli._bulk to a graph."""
        kind = {"directed": True, "multi": False, "keys": "none", "endpoints_must_exist": False, "origin": ""}
        target = self._begin(**kind, duplicates=rows.policy, rows_of=graph)
        try:
            rows.fill(target.rows)
            target.rows.finish()
            reply = self._job(graph, ("add_rows", target.number, rows.create_nodes), "add")
        except BaseException as error:
            self._abort(target)
            self._explain(error)
            raise
        self._release(target.number)
        return reply

    def _abort(self, target: _loading.Load) -> None:
        target.rows.abort()
        self._release(target.number)

    def _explain(self, error: BaseException) -> None:
        named = self._named(error) if isinstance(error, WorkerLostError) else error
        if named is not error:
            raise named from None

    def _place(self):
        return self

    @_dealt
    def from_edge_list(
        self,
        edges: Iterable[tuple],
        node_attrs: Mapping | None = None,
        edge_attrs: Mapping | None = None,
        directed: bool = True,
        multi: bool = False,
        duplicates: str = "first",
    ) -> DistributedGraph:
        """The same as Graph.from_edge_list, on the cluster."""
        return self._from_graph(Graph.from_edge_list(edges, node_attrs, edge_attrs, directed, multi, duplicates))

    read = _dealt(Readers.read)
    read_edges = _dealt(fitting(Readers.read_edges))
    read_ldbc = _dealt(fitting(Readers.read_ldbc))
    read_csv = _dealt(fitting(Readers.read_csv))
    read_mtx = _dealt(fitting(Readers.read_mtx))
    read_metis = _dealt(fitting(Readers.read_metis))
    read_graphml = _dealt(fitting(Readers.read_graphml))
    read_gexf = _dealt(fitting(Readers.read_gexf))
    read_json = _dealt(fitting(Readers.read_json))
    read_parquet = _dealt(fitting(Readers.read_parquet))
    read_ipc = read_parquet
    read_gap = _dealt(fitting(Readers.read_gap))

    @_dealt
    @functools.wraps(_construct.from_arrow)
    def from_arrow(self, edges=None, *arguments, **options):
        self._refuse_table(edges, options)
        return _construct.from_arrow(self, edges, *arguments, **options)

    from_batches = _dealt(_construct.from_batches)
    from_pandas = _dealt(_construct.from_pandas)
    from_polars = _dealt(_construct.from_polars)
    from_scipy = _dealt(_construct.from_scipy)
    from_numpy = _dealt(_construct.from_numpy)
    from_networkx = _dealt(_construct.from_networkx)

    def _from_graph(self, graph: Graph) -> DistributedGraph:
        edges, nodes = graph.edges._exact(), graph.nodes._exact()
        return _construct.from_own_tables(self, edges, nodes, graph.directed, graph.multi, graph.key_type, graph.attributes)

    @_dealt
    def generate_kronecker(self, scale: int, edge_factor: int = 16, seed: int = 0, directed: bool = True) -> DistributedGraph:
        """The same as gli.generate_kronecker, on the cluster."""
        return _loading.generate_kronecker(self, scale, edge_factor, seed, directed)

    def open_store(self, path: str | os.PathLike):
        """A ClusterStore: the store in a directory of the coordinator's host, where this process runs too; made when there is none. Workers
        on other hosts read and write it through those beside it (docs/hosts.md). ValueError where the path leads elsewhere from here,
        CorruptError where it leads to what is no store.

        >>> import gli, tempfile
        >>> with gli.LocalCluster(n_workers=2) as cluster, gli.Client(cluster) as client:
        ...     store = client.open_store(tempfile.mkdtemp() + "/people.gli")
        ...     _ = store.commit("first", graph=client.from_edge_list([("ann", "bob")]))
        ...     [commit.message for commit in store.log()]
        ['first']
        """
        from ._cluster_store import ClusterStore

        return ClusterStore(self, path)


def _lost_value(error: KeyError) -> Exception:
    """A worker that does not know a value which this client holds has taken the place of one that was lost with it."""
    if _UNKNOWN_HANDLE.search(str(error)):
        return WorkerLostError("this graph was lost with a worker and had never been committed: load or compute it again")
    return error


def connect(address=None, timeout: float = 10, credentials: str | os.PathLike | None = None) -> Client:
    """A client of a cluster that runs already: the same as Client. Without an address: of the cluster that GLI_ADDRESS in the environment
    names, as it does for jobs, else of the one that this user started on this host (`gli start`).

    >>> import gli
    >>> with gli.LocalCluster(n_workers=1) as cluster, gli.connect(cluster.directory) as client:
    ...     client.status().ready
    True
    """
    return Client(given_address() if address is None else address, timeout, credentials)
