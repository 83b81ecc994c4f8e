"""Where clusters are, and what proves that one belongs to them (docs/hosts.md)."""

from __future__ import annotations

import os
from pathlib import Path

ROLES = ("coordinator", "worker", "driver")
_SCHEME = "unix://"
_BEYOND = "gli://"
_SOCKET = "coordinator.sock"
_FORMS = "unix:///path/coordinator.sock, gli://HOST:PORT or the directory of a cluster on this host"


def door_of(address: str) -> str:
    """The coordinator's door that an address names, as the native module takes it: a socket's path, or gli://HOST:PORT.

    >>> door_of("unix:///run/gli/coordinator.sock")
    '/run/gli/coordinator.sock'
    >>> door_of("/run/gli")
    '/run/gli/coordinator.sock'
    >>> door_of("gli://head:7878")
    'gli://head:7878'
    """
    if address.startswith(_SCHEME):
        return address[len(_SCHEME) :]
    if address.startswith(_BEYOND):
        return address
    if "://" not in address and (address.startswith("/") or os.path.isdir(address)):
        return str(Path(address).absolute() / _SOCKET)
    raise ValueError(f"a cluster's address looks like {_FORMS}, not {address!r}")


def is_beyond(door: str) -> bool:
    """Whether a door is reached through TLS."""
    return door.startswith(_BEYOND)


def default_directory() -> Path:
    """Where `gli start` puts a cluster that was given no directory, and where everyone else looks for it.

    >>> default_directory().is_absolute()
    True
    """
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    return Path(runtime, "gli") if runtime else Path(os.environ.get("TMPDIR") or "/tmp", f"gli-{os.getuid()}")


def given_address() -> str:
    """Of whoever gives none: what GLI_ADDRESS names, else the coordinator in the default directory."""
    return os.environ.get("GLI_ADDRESS") or address_in(default_directory())


def address_in(directory: Path) -> str:
    """The address of the cluster in a directory.

    >>> address_in(Path("/run/gli"))
    'unix:///run/gli/coordinator.sock'
    """
    return f"{_SCHEME}{directory.absolute()}/{_SOCKET}"


def credentials_in(directory: Path, role: str) -> Path:
    """What a cluster in that directory has for its workers or drivers, if it listens beyond its host: made by itself, or beside what its
    coordinator was given, which notes where that is."""
    noted = directory / "address"
    folder = noted.read_text().splitlines()[2] if noted.exists() else directory / "credentials"
    return Path(folder, f"{role}.pem")


def credentials_for(door: str, given: str | os.PathLike | None, role: str) -> str | None:
    """The file to use: the one given; else, beyond this host, what GLI_CREDENTIALS names, and at a socket what lies beside it, if
    anything. A folder stands for the role's file in it."""
    if given is None and not is_beyond(door):
        beside = credentials_in(Path(door).parent, role)
        return str(beside) if beside.exists() else None
    named = given if given is not None else os.environ.get("GLI_CREDENTIALS") or None
    if named is None:
        return None
    path = Path(named).expanduser()
    return str(path / f"{role}.pem" if path.is_dir() else path)
