"""The process that a Slurm job's batch script becomes, on the first node: a cluster, and a script that uses it or drivers elsewhere.

    python -m gli._slurm_job run [OPTION]... SCRIPT [ARGUMENT]...
    python -m gli._slurm_job serve [OPTION]... SHARED

docs/slurm.md says what happens when, and who sends which signal.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ._client import Client
from ._slurm_allocation import Allocation, this_allocation
from ._slurm_bundles import Bundles
from ._slurm_cluster import AllocationCluster, Ended, Told
from ._slurm_script import shared_folder
from ._slurm_worker import die_with_parent

_TICK_SECONDS = 0.1
_BUNDLE_SECONDS = 1.0  # between two looks for new commits, once the end is near
_GRACE_SECONDS = 5  # for a script that was told to end
_FIRST_DRIVER_SECONDS = 300
_SIGNALED = 128  # what shells add to a signal's number


def main(words: Sequence[str]) -> int:
    """The job's exit status: the script's; 143 when Slurm ended it; 1 when there is no cluster, or a bundle is missing."""
    o = _parser().parse_args(words)
    told = Told()
    try:
        allocation = this_allocation()
        folder = _writable(Path(o.bundles or allocation.submit_directory))
        with AllocationCluster(allocation, o.interface, told, o.lease) as cluster:
            bundles = Bundles(folder, allocation.life, cluster.stores, o.store)
            try:
                cluster.start()
                status = _serve(o.shared, allocation, cluster, told, bundles) if o.what == "serve" else _run(o, cluster, told, bundles)
            finally:
                bundles.write()
    except Ended:
        return _SIGNALED + signal.SIGTERM
    except Exception as error:
        print(f"gli: error: {error}", file=sys.stderr)
        return _SIGNALED + signal.SIGTERM if told.end else 1
    return status or int(bool(bundles.failed))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gli._slurm_job", allow_abbrev=False)
    what = parser.add_subparsers(dest="what", required=True)
    run, serve = what.add_parser("run", allow_abbrev=False), what.add_parser("serve", allow_abbrev=False)
    for command in (run, serve):
        command.add_argument("--store", action="append", default=[], help="to bundle, beside those that the cluster commits to")
        command.add_argument("--bundles", help="the folder that they go to; default: where the job was submitted")
        command.add_argument("--interface")
        command.add_argument("--lease", type=int, default=0, help="seconds without any driver after which the cluster ends; 0: it goes on")
    run.add_argument("script")
    run.add_argument("arguments", nargs=argparse.REMAINDER)
    serve.add_argument("shared", help="a folder that drivers see")
    return parser


def _writable(folder: Path) -> Path:
    """Looked at before there is anything to lose."""
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(f"{folder} is no directory that this job can write bundles to")
    return folder


# --- a script ---------------------------------------------------------------------------------------------------------------------------


def _run(o, cluster: AllocationCluster, told: Told, bundles: Bundles) -> int:
    found = {"GLI_ADDRESS": cluster.address, "GLI_CREDENTIALS": str(cluster.driver_credentials)}
    environment = {"PYTHONUNBUFFERED": "1", **os.environ, **found}
    command = [sys.executable, o.script, *o.arguments]
    script = subprocess.Popen(command, env=environment, process_group=0, preexec_fn=die_with_parent)
    try:
        _watch(lambda: script.poll() is not None, told, bundles, lambda: _pass_on_notice(script))
    finally:
        _end_group(script)
    return script.returncode if script.returncode >= 0 else _SIGNALED - script.returncode


def _watch(over: Callable[[], bool], told: Told, bundles: Bundles, on_notice: Callable[[], None] = lambda: None) -> None:
    """Until it is over, or Slurm ends the job; from Slurm's notice on, what is committed is bundled at once."""
    looked = float("-inf")
    while not over() and not told.end:
        if told.notice and looked < 0:
            on_notice()
        if told.notice and time.monotonic() - looked >= _BUNDLE_SECONDS:
            bundles.write()
            looked = time.monotonic()
        time.sleep(_TICK_SECONDS)
    if told.end:
        bundles.write()


def _pass_on_notice(script: subprocess.Popen) -> None:
    """To a script that has a handler for it (proc(5): SigCgt); another one would be ended by it."""
    with contextlib.suppress(OSError):
        caught = re.search(r"^SigCgt:\s*(\w+)", Path(f"/proc/{script.pid}/status").read_text(), re.M)
        if caught and int(caught[1], 16) >> (signal.SIGUSR1 - 1) & 1:
            script.send_signal(signal.SIGUSR1)


def _end_group(script: subprocess.Popen) -> None:
    """The script, if it still runs, and what it left running."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(script.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            script.wait(_GRACE_SECONDS)


# --- drivers elsewhere ------------------------------------------------------------------------------------------------------------------


def _serve(shared: str, allocation: Allocation, cluster: AllocationCluster, told: Told, bundles: Bundles) -> int:
    folder = shared_folder(shared, allocation.job)
    shutil.rmtree(folder, ignore_errors=True)  # of this job's life before a requeue
    folder.mkdir(mode=0o700)
    try:
        _copy_private(cluster.driver_credentials, folder / "driver.pem")
        (folder / "address.new").write_text(cluster.address)
        (folder / "address.new").rename(folder / "address")
        _await_driver(folder, cluster, told, bundles)
        _watch(lambda: not cluster.runs, told, bundles)
        if not told.end:
            print(f"gli: the cluster has ended: {cluster.why_ended or 'the coordinator died'}", file=sys.stderr)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return _SIGNALED + signal.SIGTERM if told.end else cluster.coordinator_status


def _await_driver(folder: Path, cluster: AllocationCluster, told: Told, bundles: Bundles) -> None:
    """Until the first driver says that it is there, or has had long enough to come: until then this process is one."""
    deadline = time.monotonic() + _FIRST_DRIVER_SECONDS
    with Client(cluster.address, credentials=cluster.driver_credentials) as client:
        client.ping()
        _watch(lambda: not cluster.runs or time.monotonic() > deadline or "driver" in os.listdir(folder), told, bundles)


def _copy_private(of: Path, to: Path) -> None:
    with open(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(of.read_bytes())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
