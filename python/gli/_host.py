"""The child of a worker that runs programs: `python -m gli._host PARENT`, descriptor 3 a socket. docs/programs.md, "Worker and host"."""

from __future__ import annotations

import mmap
import os
import socket
import sys

from ._child import end_with_parent
from ._core import __version__
from ._vertices import Calls, explained

_SOCKET = 3
_LARGEST_PACKET = 128 << 10


def main(parent: int) -> None:
    """Until the worker hangs up."""
    end_with_parent()
    if os.getppid() != parent:
        sys.exit("the worker is gone")
    link = socket.socket(fileno=_SOCKET)
    link.send(b"H" + __version__.encode())
    calls = None
    while True:
        packet, descriptors, _, _ = socket.recv_fds(link, _LARGEST_PACKET, 1)
        kind, body = packet[:1], packet[1:].decode()
        if kind == b"":
            return
        if kind == b"X":
            calls = None
            continue
        try:
            if kind == b"B":
                calls = _begin(descriptors[0], *body.split("\n", 1))
            else:
                calls(int(body))
            answer = b"D"
        except BaseException as error:
            answer = b"E" + f"{error}\n".encode(errors="replace")[: _LARGEST_PACKET // 2]
        link.send(answer)


def _begin(descriptor: int, python: str, layout: str) -> Calls:
    memory = mmap.mmap(descriptor, 0)
    os.close(descriptor)
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    if python != own:
        raise RuntimeError(f"the program was sent by Python {python}, and this worker runs programs in Python {own}: they must be the same")
    import json

    import cloudpickle

    described = json.loads(layout)
    _, offset, size = described["arrays"]["code"]
    try:
        function, parameters = cloudpickle.loads(memory[offset : offset + size])
    except Exception as error:
        raise RuntimeError(explained(f"program {described['name']!r} cannot be read by the worker's Python", error)) from error
    return Calls(memory, layout, function, parameters)


if __name__ == "__main__":
    main(int(sys.argv[1]))
