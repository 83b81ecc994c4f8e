"""The processes of a cluster, as the kernel knows them."""

import os
from pathlib import Path


def processes_of(cluster_id: str) -> list[int]:
    """The pids of all processes that carry a cluster's tag."""
    tag = f"GLI_CLUSTER_ID={cluster_id}".encode()
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                environment = Path(entry.path, "environ").read_bytes()
            except OSError:
                continue
            if tag in environment.split(b"\0"):
                found.append(int(entry.name))
    return found


def alive(pid: int) -> bool:
    """Whether a process runs: neither gone nor a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def processor_seconds(pids):
    """Of all their threads, to the nanosecond."""
    nanoseconds = 0
    for pid in pids:
        for task in os.scandir(f"/proc/{pid}/task"):
            with open(f"{task.path}/schedstat") as f:
                nanoseconds += int(f.read().split()[0])
    return nanoseconds / 1e9
