"""The commands gli jobs, logs, cancel."""

from __future__ import annotations

import argparse
import dataclasses
import json
import shutil
import sys
import time
from collections import deque

_END_SECONDS = 15
_LONGEST_WHY = 60


def add_commands(commands, at_least_one, address_help: str) -> None:
    """Adds them to the parser of gli."""
    jobs = commands.add_parser("jobs", help="a cluster's jobs, the oldest first")
    jobs.add_argument("address", nargs="?", metavar="ADDRESS", help=address_help)
    jobs.add_argument("--json", action="store_true")
    jobs.set_defaults(run=_jobs)

    logs = commands.add_parser("logs", help="what a job printed")
    logs.add_argument("id", type=at_least_one, metavar="JOB")
    logs.add_argument("-f", "--follow", action="store_true", help="and what it goes on to print, until it ends")
    logs.add_argument("--tail", type=at_least_one, metavar="N", help="only the last N lines")
    logs.set_defaults(run=_logs)

    cancel = commands.add_parser("cancel", help="end jobs")
    cancel.add_argument("ids", nargs="+", type=at_least_one, metavar="JOB")
    cancel.set_defaults(run=_cancel)
    for command in (logs, cancel):
        command.add_argument("--cluster", dest="address", metavar="ADDRESS", help=address_help)
    for command in (jobs, logs, cancel):
        command.add_argument("--credentials", metavar="PATH", help="a copy of the cluster's driver.pem (default: GLI_CREDENTIALS)")


def _client_of(o: argparse.Namespace):
    from ._cli_cluster import connected

    return connected(o.address, o.credentials)


def _jobs(o) -> None:
    with _client_of(o) as client:
        infos = client.status().jobs
    if o.json:
        print(json.dumps([dataclasses.asdict(i) for i in infos], indent=2))
        return
    if not infos:
        print("no jobs")
        return
    import pyarrow as pa

    from ._table import Table

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    print(Table(pa.Table.from_pylist([_row(i, time.time()) for i in infos])).text(width))


def _row(info, now: float) -> dict:
    ran = None if info.started is None else _seconds((info.ended or now) - info.started)
    said = info.error.splitlines()
    why = "" if not said else said[-1] if said[0].startswith(("Traceback", "…")) else said[0]
    return {
        "job": info.id,
        "name": info.name,
        "state": info.state,
        "submitted": time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(info.submitted)),
        "ran": ran,
        "exit": info.exit_status,
        "why": why if len(why) <= _LONGEST_WHY else why[: _LONGEST_WHY - 1] + "…",
    }


def _seconds(seconds: float) -> str:
    """
    >>> _seconds(3.21), _seconds(75), _seconds(7300)
    ('3.2 s', '1:15 min', '2:01 h')
    """
    if seconds < 60:
        return f"{max(seconds, 0):.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02} min" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02} h"


def _logs(o) -> None:
    with _client_of(o) as client:
        job = client.job(o.id)
        if o.tail is None:
            for chunk in job._chunks(o.follow):
                sys.stdout.write(chunk)
                sys.stdout.flush()
        elif o.follow:
            raise ValueError("--tail shows the end of what is there: not with --follow")
        else:
            print("\n".join(deque(job.logs().splitlines(), o.tail)))


def _cancel(o) -> None:
    with _client_of(o) as client:
        jobs = [client.job(id) for id in o.ids]
        for job in jobs:
            job.cancel()
        for job in jobs:
            print(f"job {job.id}: {job.wait(_END_SECONDS).state}")
