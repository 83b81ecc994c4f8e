"""Hosts on one machine: network namespaces that this makes and removes, with a switch between them."""

import contextlib
import ctypes
import functools
import os
import secrets
import shutil
import subprocess

_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


@functools.cache
def why_not():
    """Why namespaces cannot be made here; None when they can."""
    if os.geteuid() != 0:
        return "needs root to make network namespaces"
    for tool in ("ip", "nsenter", "unshare", "hostname", "mount"):
        if shutil.which(tool) is None:
            return f"needs {tool} to make network namespaces"
    probe = f"gli-{secrets.token_hex(4)}"
    made = subprocess.run(["ip", "netns", "add", probe], capture_output=True, text=True)
    if made.returncode != 0:
        return f"network namespaces cannot be made here: {made.stderr.strip()}"
    subprocess.run(["ip", "netns", "del", probe], check=True)
    return None


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


class Hosts:
    """Namespaces by name, the nth at 10.77.0.n, each with a host's name of its own for what runs there. Under the path
    `disk`, if it is given, the processes of all but the first have an empty file system each of their own."""

    def __init__(self, names, disk=None):
        self._disk = disk
        self._tag = f"gli-{secrets.token_hex(4)}"
        self.names = list(names)
        self._switch = f"{self._tag}-switch"
        self._made = []
        try:
            self._make()
        except BaseException:
            self.close()
            raise

    def _make(self):
        for name in [*map(self._space, self.names), self._switch]:
            ip("netns", "add", name)
            self._made.append(name)
        ip("-n", self._switch, "link", "add", "bridge", "type", "bridge")
        ip("-n", self._switch, "link", "set", "bridge", "up")
        for name in self.names:
            space = self._space(name)
            ip("-n", space, "link", "set", "lo", "up")
            ip("-n", space, "link", "add", "wire", "type", "veth", "peer", "name", name, "netns", self._switch)
            ip("-n", self._switch, "link", "set", name, "master", "bridge", "up")
            ip("-n", space, "addr", "add", f"{self.address(name)}/24", "dev", "wire")
            ip("-n", space, "link", "set", "wire", "up")

    def _space(self, name):
        return f"{self._tag}-{name}"

    def address(self, name):
        return f"10.77.0.{self.names.index(name) + 1}"

    def prefix(self, name):
        """What runs a command on a host."""
        apart, mounts = ([], "") if self._disk is None or name == self.names[0] else (["--mount"], 'mount -t tmpfs disk "$2" && ')
        set_up = ["unshare", "--uts", *apart, "sh", "-c", f'hostname "$1" && {mounts}shift 2 && exec "$@"', "sh", name, str(self._disk)]
        return ["nsenter", f"--net=/run/netns/{self._space(name)}", *set_up]

    def cut(self, name):
        ip("-n", self._switch, "link", "set", name, "down")

    def restore(self, name):
        ip("-n", self._switch, "link", "set", name, "up")

    @contextlib.contextmanager
    def inside(self, name):
        """This thread, and threads that it starts meanwhile, are on the host."""
        with open("/proc/self/ns/net") as before, open(f"/run/netns/{self._space(name)}") as there:
            _enter(there)
            try:
                yield
            finally:
                _enter(before)

    def close(self):
        for name in self._made:
            subprocess.run(["ip", "netns", "del", name], capture_output=True)


def _enter(namespace):
    if _libc.setns(namespace.fileno(), _NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
