"""A worker on a node of a Slurm job, until it is told to quit: `srun python _slurm_worker.py GLID ADDRESS [MEMORY]`.

On standard input come a line with a length, so many bytes of credentials, and, when the worker is to end, the end.

It is run by its path and uses Python's own library alone: nodes do not load all of gli to start a program (docs/slurm.md).
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
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
_FOLDERS = "gli-slurm-"
_BOOT = "boot"  # the file of a folder that says under which kernel its process runs
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
    """A new folder of mode 0700 on this node, with a path that is short enough for sockets. It is locked for as long as this process lives;
    those of this user whose processes were killed on this node are removed."""
    usual = tempfile.gettempdir()
    place = usual if len(usual) < _LONGEST_FOLDER else "/tmp"
    _remove_left_behind(place)
    unlocked = tempfile.mkdtemp(prefix=".gli-slurm-", dir=place)
    with open(os.path.join(unlocked, _BOOT), "w") as file:
        file.write(_kernel_boot())
    with contextlib.suppress(OSError):  # where nothing can be locked nothing is removed
        fcntl.flock(_opened_folder(unlocked), fcntl.LOCK_EX | fcntl.LOCK_NB)  # which its descriptor holds, and nobody closes that
    folder = os.path.join(place, f"{_FOLDERS}{os.environ.get('SLURM_JOB_ID', '')}-{unlocked[-8:]}")
    os.rename(unlocked, folder)
    return folder


def _remove_left_behind(place: str) -> None:
    """A lock tells of processes under one kernel only: folders of other hosts in a shared place stay."""
    for name in os.listdir(place):
        if not name.startswith(_FOLDERS):
            continue
        with contextlib.suppress(OSError):  # others', and those that are locked
            held = _opened_folder(os.path.join(place, name))
            try:
                with open(os.path.join(place, name, _BOOT)) as file:
                    if os.fstat(held).st_uid == os.geteuid() and file.read() == _kernel_boot():
                        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        shutil.rmtree(os.path.join(place, name))
            finally:
                os.close(held)


def _opened_folder(path: str) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)


def _kernel_boot() -> str:
    with open("/proc/sys/kernel/random/boot_id") as file:
        return file.read()


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
