"""What a process inside a Slurm job knows of it."""

from __future__ import annotations

import fcntl
import os
import re
import socket
import struct
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ._errors import ClusterError

_ANY_PORT = 9  # nothing is sent
_GET_ADDRESS = 0x8915  # SIOCGIFADDR, netdevice(7)
_LONGEST_INTERFACE = 15
_MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Allocation:
    """A job's nodes, and what it has of each."""

    job: str
    nodes: int
    cpus: int
    """Of the node that has fewest."""
    memory: int | None
    """Bytes of a node; None: Slurm does not limit it."""
    restarts: int
    submit_directory: Path

    @property
    def life(self) -> str:
        """A name for files of this job that is another one after each requeue."""
        return f"{self.job}.{self.restarts}" if self.restarts else self.job


def this_allocation(environment: Mapping[str, str] = os.environ) -> Allocation:
    """The one that this process runs in, from what Slurm put into the environment.

    >>> slurm = {"SLURM_JOB_ID": "7", "SLURM_NNODES": "3", "SLURM_JOB_CPUS_PER_NODE": "4(x2),8", "SLURM_MEM_PER_CPU": "100"}
    >>> a = this_allocation(slurm | {"SLURM_SUBMIT_DIR": "/home/ann"})
    >>> a.nodes, a.cpus, a.memory >> 20, a.life
    (3, 4, 400, '7')
    """
    try:
        cpus = min(map(int, re.findall(r"(\d+)(?:\(x\d+\))?", environment["SLURM_JOB_CPUS_PER_NODE"])))
        mebibytes = int(environment.get("SLURM_MEM_PER_NODE") or cpus * int(environment.get("SLURM_MEM_PER_CPU") or 0))
        return Allocation(
            environment["SLURM_JOB_ID"],
            int(environment["SLURM_NNODES"]),
            cpus,
            mebibytes * _MEBIBYTE or None,
            int(environment.get("SLURM_RESTART_COUNT") or 0),
            Path(environment["SLURM_SUBMIT_DIR"]),
        )
    except KeyError as error:
        raise ClusterError(f"this is no batch job of Slurm's: {error.args[0]} is not in the environment") from None


def own_address(interface: str | None = None) -> str:
    """The address by which the job's other nodes, and drivers, reach this one: the interface's, else the one that packets to another of
    the job's nodes leave from, else the one that Slurm knows this node by."""
    if interface is not None:
        return _address_of_interface(interface)
    own = os.environ["SLURMD_NODENAME"]
    addresses = _node_addresses(os.environ["SLURM_JOB_NODELIST"])
    others = [address for name, address in addresses.items() if name != own]
    towards = others[0] if others else addresses[own]
    try:
        return _address_towards(towards)
    except OSError as error:
        raise ClusterError(f"no way to the node that Slurm knows as {towards}: {error}; interface= names the one to use") from error


def _node_addresses(nodes: str) -> dict[str, str]:
    said = subprocess.run(["scontrol", "--oneliner", "show", "node", nodes], capture_output=True, text=True, check=True).stdout
    return dict(re.findall(r"^NodeName=(\S+) .*?\bNodeAddr=(\S+)", said, re.M))


def _address_towards(host: str) -> str:
    family, kind, protocol, _, to = socket.getaddrinfo(host, _ANY_PORT, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind, protocol) as s:
        s.connect(to)
        address = s.getsockname()[0]
    return f"[{address}]" if family == socket.AF_INET6 else address


def _address_of_interface(name: str) -> str:
    """
    >>> _address_of_interface("lo")
    '127.0.0.1'
    """
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            found = fcntl.ioctl(s, _GET_ADDRESS, struct.pack("256s", name.encode()[:_LONGEST_INTERFACE]))
    except OSError as error:
        raise ValueError(f"interface {name!r} of this node has no IPv4 address: {error.strerror}") from None
    return socket.inet_ntoa(found[20:24])
