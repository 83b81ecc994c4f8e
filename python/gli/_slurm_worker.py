"""A worker on a node of a Slurm job, until it is told to quit: `srun python _slurm_worker.py GLID ADDRESS [MEMORY]`.

On standard input come a line with a length, so many bytes of credentials, and, when the worker is to end, the end.

It is run by its path and uses Python's own library alone: nodes do not load all of gli to start a program (docs/slurm.md).
"""

from __future__ import annotations

import ctypes
import io
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

_SET_PARENT_DEATH_SIGNAL = 1
_BETWEEN_LIVES = 1.0  # seconds: by then the coordinator knows of the loss
_LONGEST_FOLDER = 60  # a Unix socket's path has 107 bytes
_C = ctypes.CDLL(None, use_errno=True)


def main(glid: str, address: str, memory: str = "") -> int:
    """The worker's last exit status; one that a signal ended is started again, in its place."""
    told: list = []
    child: subprocess.Popen | None = None

    def end(why, _frame) -> None:
        told.append(why)
        if child is not None:
            child.send_signal(signal.SIGTERM)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    folder = private_folder()
    try:
        given = open(0, "rb", buffering=0)  # a buffer has a lock, which the thread would hold at the program's end
        command = _command(glid, address, memory, folder, _write_credentials(folder, given))
        threading.Thread(target=lambda: end(given.read(), None), daemon=True).start()
        while not told:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)
            if told:
                child.terminate()
            status = child.wait()
            if told or status >= 0:
                return 0 if told else status
            _say(f"the worker was ended by {signal.Signals(-status).name}; another one takes its place")
            time.sleep(_BETWEEN_LIVES)
        return 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def private_folder() -> str:
    """A new folder of mode 0700 on this node, with a path that is short enough for sockets."""
    usual = tempfile.gettempdir()
    job = os.environ.get("SLURM_JOB_ID", "")
    return tempfile.mkdtemp(prefix=f"gli-slurm-{job}-", dir=usual if len(usual) < _LONGEST_FOLDER else "/tmp")


def die_with_parent() -> None:
    """For a child, before it becomes its program: the kernel ends it with the process that started it."""
    _C.prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def _write_credentials(folder: str, given: io.FileIO) -> str:
    """Those that come first, in a file that only its owner may read."""
    path = os.path.join(folder, "worker.pem")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        left = int(given.readline() or 0)
        while left and (part := given.read(left)):
            file.write(part)
            left -= len(part)
    return path


def _command(glid: str, address: str, memory: str, folder: str, credentials: str) -> list[str]:
    threads = min(len(os.sched_getaffinity(0)), int(os.environ.get("SLURM_CPUS_ON_NODE") or sys.maxsize))
    command = [glid, "worker", "--dir", folder, "--join", address, "--credentials", credentials, "--python", sys.executable]
    return [*command, "--threads", str(threads), *(["--memory-limit", memory] if memory else [])]


def _say(text: str) -> None:
    print(f"gli: node {os.environ.get('SLURMD_NODENAME', '?')}: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
