"""The command that makes a cluster's credentials before there is a cluster: gli credentials."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from . import _core
from ._addresses import ROLES

_LONGEST_ID = 64
_SECRETS = {"gli-coordinator": ("coordinator", "driver"), "gli-worker": ("worker",), "gli-driver": ("driver",)}


def add_command(commands) -> None:
    """Adds it to the parser of gli."""
    made = commands.add_parser("credentials", help="make a cluster's credentials ahead, where several hosts have them before it starts")
    made.add_argument("folder", metavar="FOLDER", help="to be made, mode 0700")
    made.add_argument("--cluster", metavar="ID", help="what the cluster is called (default: GLI_CLUSTER_ID, else random)")
    made.set_defaults(run=_make)


def _make(o) -> None:
    folder = Path(o.folder).absolute()
    cluster = o.cluster if o.cluster is not None else os.environ.get("GLI_CLUSTER_ID") or secrets.token_hex(8)
    if not 0 < len(cluster.encode()) <= _LONGEST_ID:
        raise ValueError(f"a cluster's id has 1 to {_LONGEST_ID} bytes, not {cluster!r}")
    _core.make_private_folder(str(folder))
    for role in ROLES:
        if (folder / f"{role}.pem").exists():
            raise FileExistsError(
                f"{folder / role}.pem is there already, and copies of it may be in use: name another folder, or delete this one"
            )
    _core.make_credentials(str(folder), cluster)
    print(f"credentials of cluster {cluster}, valid for a year, in {folder}")
    print("the coordinator:    gli start --listen HOST:PORT --credentials coordinator.pem, with driver.pem beside it, for jobs")
    print("workers, drivers:   --credentials worker.pem, driver.pem, or GLI_CREDENTIALS")
    print("for Kubernetes:")
    for secret, roles in _SECRETS.items():
        print(f"  kubectl create secret generic {secret} {' '.join(f'--from-file={folder / role}.pem' for role in roles)}")
