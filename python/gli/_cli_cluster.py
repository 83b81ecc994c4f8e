"""The commands that run clusters by hand: gli start, worker, status, stop."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from . import _core, _logs, _page
from ._addresses import address_in, credentials_for, credentials_in, default_directory, door_of, given_address, is_beyond
from ._errors import ClusterError, GliError, ProtocolError
from ._sizes import size_of, size_text
from ._store_space import size

_START_SECONDS = 30
_STOP_SECONDS = 10
_PING_SECONDS = 5
_POLL_SECONDS = 0.05


def add_commands(commands, at_least_one) -> None:
    """Adds them to the parser of gli."""
    start = commands.add_parser("start", help="run a cluster's coordinator, until gli stop or Ctrl-C")
    start.add_argument("--dir", metavar="DIR", help=f"for its sockets, log and credentials, mode 0700 (default: {default_directory()})")
    start.add_argument(
        "--listen", metavar="HOST:PORT", help="let workers and drivers of other hosts in, with the credentials that this makes"
    )
    start.add_argument("--credentials", metavar="PATH", help="instead: a coordinator.pem that gli credentials made, or its folder")
    start.add_argument(
        "--service",
        action="store_true",
        help="say nothing and be the coordinator itself, which logs to standard error: for systemd, containers",
    )
    start.add_argument(
        "--workers", type=at_least_one, default=1, metavar="P", help="how many workers, and so partitions, it has (default: 1)"
    )
    start.add_argument("--max-jobs", type=at_least_one, metavar="K", help="how many submitted jobs run at a time (default: 8)")
    start.add_argument(
        "--job-lease", type=_seconds, metavar="SECONDS", help="that an attached job goes on without its drivers (default: 30)"
    )
    start.add_argument(
        "--page",
        metavar="HOST:PORT",
        nargs="?",
        const=_page.DEFAULT,
        help=f"serve a web page that shows the cluster (by itself: {_page.DEFAULT})",
    )
    start.add_argument("--metrics", metavar="HOST:PORT", help="serve numbers for Prometheus, at /metrics")
    _add_log_options(start)
    start.set_defaults(run=_start)

    worker = commands.add_parser("worker", help="run a worker of a cluster")
    worker.add_argument("--join", metavar="ADDRESS", help=f"the coordinator's: {address_help()}")
    worker.add_argument("--credentials", metavar="PATH", help="a copy of the cluster's worker.pem (default: GLI_CREDENTIALS)")
    worker.add_argument(
        "--listen",
        metavar="[HOST]:PORT",
        help="where workers and drivers of other hosts reach it (default, and without HOST: where it joins from)",
    )
    worker.add_argument("--threads", type=at_least_one, metavar="N", help="for kernels (default: all cores)")
    worker.add_argument("--memory-limit", type=_bytes, metavar="SIZE", help="of its own memory, such as 4GiB: what would need more fails")
    worker.add_argument("--dir", metavar="DIR", help="for its socket, mode 0700")
    worker.add_argument("--metrics", metavar="HOST:PORT", help="serve numbers for Prometheus, at /metrics")
    _add_log_options(worker)
    worker.set_defaults(run=_worker)

    status = commands.add_parser("status", help="a cluster's workers, their hosts, partitions and memory, what runs, the last errors")
    status.add_argument("--json", action="store_true")
    status.set_defaults(run=_status)
    stop = commands.add_parser("stop", help="end a cluster")
    stop.set_defaults(run=_stop)
    for command in (status, stop):
        command.add_argument("address", nargs="?", metavar="ADDRESS", help=address_help())
        command.add_argument("--credentials", metavar="PATH", help="a copy of the cluster's driver.pem (default: GLI_CREDENTIALS)")


def _add_log_options(command) -> None:
    command.add_argument("--log-level", choices=_logs.LEVELS, default="info", help="lines below it are not written (default: info)")
    command.add_argument(
        "--log-format", choices=_logs.FORMATS, default="text", help="for people, or one JSON object a line (default: text)"
    )


def address_help() -> str:
    """What ADDRESS is."""
    return f"unix:///path, a directory or gli://HOST:PORT (default: GLI_ADDRESS, else {default_directory()})"


def _bytes(text: str) -> int:
    try:
        return size_of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _seconds(text: str) -> float:
    """
    >>> _seconds("1.5")
    1.5
    """
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= 1e9:
        raise argparse.ArgumentTypeError(f"expected a number of seconds such as 30, not {text!r}")
    return seconds


# --- start ----------------------------------------------------------------------------------------------------------------------------


def _start(o) -> None:
    from ._cluster import glid_path

    if o.credentials and not o.listen:
        raise ValueError(f"--credentials {o.credentials} is for other hosts, whom this does not let in: give --listen HOST:PORT too")
    directory = Path(o.dir).absolute() if o.dir else default_directory()
    _core.make_private_folder(str(directory))
    if _answers(f"{directory}/coordinator.sock"):
        raise ClusterError(f"a coordinator runs at {address_in(directory)} already: gli stop ends it, --dir names another place")
    command = [glid_path(), "coordinator", "--dir", str(directory), "--workers", str(o.workers), "--python", sys.executable]
    command += [*_logs.words(o.log_level, o.log_format), *_page.words(o.page)]
    credentials = credentials_for("", o.credentials, "coordinator") if o.credentials else None
    for option, value in (
        ("--listen", o.listen),
        ("--credentials", credentials),
        ("--metrics", o.metrics),
        ("--max-jobs", o.max_jobs),
        ("--job-lease", o.job_lease),
    ):
        command += [] if value is None else [option, str(value)]
    if o.service:
        os.execv(command[0], command)
    log = directory / "coordinator.log"
    command += ["--parent", str(os.getpid()), "--log", str(log)]
    with open(log, "ab") as output:
        begin = output.tell()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        await_answer(child, directory, log, begin)
        _explain(directory, o, log)
        child.wait()
    except KeyboardInterrupt:
        return _end(child)
    except BaseException:
        _end(child)
        raise
    if child.returncode:
        raise ClusterError(f"the coordinator ended with status {child.returncode}: {last_line(log, begin)}")


def _end(child: subprocess.Popen) -> None:
    """Asks it to end, with its workers, which it may be about to do anyway."""
    child.terminate()
    try:
        child.wait(_START_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def await_answer(child: subprocess.Popen, directory: Path, log: Path, begin: int) -> None:
    """Until a coordinator that was just started answers; ClusterError with what it said when it ended instead."""
    from ._client import Client

    deadline = time.monotonic() + _START_SECONDS
    while child.poll() is None:
        try:
            with Client(address_in(directory), timeout=_START_SECONDS) as client:
                return client.ping()
        except (GliError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(_POLL_SECONDS)
    raise ClusterError(last_line(log, begin).removeprefix("glid: "))


def last_line(log: Path, begin: int) -> str:
    """Of what was written from there on."""
    with open(log, errors="replace") as file:
        file.seek(begin)
        lines = file.read().splitlines()
    if not lines:
        return "it said nothing"
    return json.loads(lines[-1])["message"] if lines[-1].startswith("{") else lines[-1]


def _explain(directory: Path, o, log: Path) -> None:
    lines = [f"coordinator of a cluster of {o.workers} worker{'s' * (o.workers > 1)} at {address_in(directory)}", f"log: {log}"]
    here = "" if directory == default_directory() else f" {directory}"
    lines.append(f"workers on this host:   gli worker{here and f' --join{here}'}")
    if o.listen:
        address = (directory / "address").read_text().splitlines()[0]
        worker, driver = (credentials_in(directory, role) for role in ("worker", "driver"))
        lines.append(f"workers on other hosts: gli worker --join {address} --credentials worker.pem")
        lines.append(f"                        worker.pem is a copy of {worker}, which only its owner may read")
        lines.append(f"drivers on other hosts: gli.connect({address!r}, credentials='driver.pem'), a copy of {driver}")
    if o.page:
        lines.append(f"page: {_page.link(directory)}")
    if o.metrics:
        lines.append(f"metrics: {(directory / 'metrics').read_text().strip()}/metrics")
    lines.append(f"to look and to end:     gli status{here}, gli stop{here}")
    print("\n".join(lines), flush=True)


# --- worker ---------------------------------------------------------------------------------------------------------------------------


def _worker(o) -> None:
    from ._cluster import glid_path

    door = door_of(o.join or given_address())
    credentials = credentials_for(door, o.credentials, "worker") if is_beyond(door) or o.credentials else None
    if is_beyond(door) and credentials is None:
        raise ValueError(f"{door} needs credentials: a copy of the worker.pem that gli start made (--credentials or GLI_CREDENTIALS)")
    directory = Path(o.dir).absolute() if o.dir else default_directory() if is_beyond(door) else Path(door).parent
    command = [glid_path(), "worker", "--dir", str(directory), "--join", door, "--python", sys.executable]
    command += _logs.words(o.log_level, o.log_format)
    for option, value in (
        ("--credentials", credentials),
        ("--listen", o.listen),
        ("--threads", o.threads),
        ("--memory-limit", o.memory_limit),
        ("--metrics", o.metrics),
    ):
        command += [] if value is None else [option, str(value)]
    os.execv(command[0], command)


def _answers(door: str) -> bool:
    try:
        _core.DriverClient(door, _PING_SECONDS).ping(_PING_SECONDS)
    except ProtocolError:
        raise
    except (GliError, OSError):
        return False
    return True


# --- status, stop ---------------------------------------------------------------------------------------------------------------------


def connected(address: str | None, credentials: str | None):
    """A client of the cluster that a command names, or of the one that is found without."""
    from ._client import Client

    address = address or given_address()
    door = door_of(address)
    if not is_beyond(door) and not os.path.exists(door):
        raise ClusterError(f"no coordinator runs at {door}")
    return Client(address, credentials=credentials)


def _status(o) -> None:
    with connected(o.address, o.credentials) as client:
        status = client.status()
    if o.json:
        print(json.dumps({**dataclasses.asdict(status), "ready": status.ready}, indent=2))
        return
    ready = sum(w.state == "ready" for w in status.workers)
    state = "ready" if status.ready else f"waits: {ready} of {status.partitions} worker{'s' * (status.partitions != 1)} ready"
    print(f"cluster {status.cluster}, epoch {status.epoch}, {status.partitions} partition{'s' * (status.partitions != 1)}, {state}")
    print(f"jobs: {_counted_states(status.jobs)}")
    _show_workers(status)
    _show_calls(status)
    for w in status.workers:
        if w.last_error:
            print(f"\npartition {w.partition}: {w.last_error}")
    if status.failed:
        print(f"\nthe last call{'s' * (len(status.failed) > 1)} that failed:")
    for call in status.failed:
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(call.time))
        print(f"  {when} call {call.call}, {call.what}: {call.error.splitlines()[0] if call.error else 'no reason given'}")


def _counted_states(jobs) -> str:
    """
    >>> _counted_states(())
    'none'
    """
    counts = Counter(job.state for job in jobs)
    return ", ".join(f"{n} {state}" for state, n in counts.items()) or "none"


def _show_workers(status) -> None:
    if not status.workers:
        return
    rows = [
        {
            "partition": w.partition,
            "worker": w.worker,
            "state": w.state,
            "host": w.host,
            "pid": w.pid,
            "cores": w.cores,
            "numa": None if w.numa_node < 0 else w.numa_node,
            "memory": size_text(w.memory),
            "limit": size_text(w.memory_limit) if w.memory_limit else None,
            "address": w.tls_address or w.address,
        }
        for w in status.workers
    ]
    _show(rows)


def _show_calls(status) -> None:
    """What runs and waits, and who asked; the drivers beside this one."""
    others = status.drivers - 1
    print(f"\n{others} other driver{'s' * (others != 1)}; {'nothing runs' if not status.calls else 'calls that run or wait:'}")
    if not status.calls:
        return
    now = time.time()
    rows = [
        {
            "call": c.call,
            "what": c.what,
            "driver": c.driver or "the coordinator",
            "state": c.state,
            "seconds": f"{max(0, now - (c.started or c.since)):.1f}",
            "progress": _progress_of(c),
            "exchanged": size(c.bytes),
        }
        for c in status.calls
    ]
    _show(rows)


def _progress_of(call) -> str:
    """How far it is, as a progress bar says it."""
    if not call.step:
        return ""
    done = f"{call.done} of {call.total}" if call.total else str(call.done)
    step = "" if call.step == call.what else f"{call.step} "
    return ", ".join(filter(None, [f"{step}{done}", call.detail]))


def _show(rows: list[dict]) -> None:
    import pyarrow as pa

    from ._table import Table

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    print(Table(pa.Table.from_pylist(rows)).text(width))


def _stop(o) -> None:
    with connected(o.address, o.credentials) as client:
        address = client.address
        client.shutdown()
        deadline = time.monotonic() + _STOP_SECONDS
        while time.monotonic() < deadline:
            try:
                client.ping()
            except (GliError, OSError):
                print(f"the cluster at {address} has ended")
                return
            time.sleep(_POLL_SECONDS)
    raise ClusterError(f"the cluster at {address} was told to end and still answers")
