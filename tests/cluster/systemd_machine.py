"""A systemd of its own, with this machine's files under a layer that vanishes: for units to be tried as they are. It sees no other
process, no device and no network, and its cgroups are its own."""

import contextlib
import os
import secrets
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

# Of systemd's own units those that would reach what is not in a namespace.
MASKED = (
    "systemd-sysctl.service",
    "systemd-udevd.service",
    "systemd-udev-trigger.service",
    "systemd-modules-load.service",
    "systemd-binfmt.service",
)
SYSTEMD = "/lib/systemd/systemd"

SET_UP = """
set -eu
root={folder}/root
mount --make-rprivate /
mount -t tmpfs tmpfs {folder}/layer
mkdir {folder}/layer/upper {folder}/layer/work
mount -t overlay overlay -o lowerdir=/,upperdir={folder}/layer/upper,workdir={folder}/layer/work $root
mount -t proc proc $root/proc
mount -t sysfs -o ro sysfs $root/sys
mount -t tmpfs tmpfs $root/sys/fs/cgroup
mount -t cgroup2 cgroup2 $root/sys/fs/cgroup
mount -t tmpfs -o mode=0755 tmpfs $root/dev
mkdir $root/dev/pts $root/dev/shm
for device in null zero full random urandom tty; do touch $root/dev/$device; mount --bind /dev/$device $root/dev/$device; done
mount -t devpts -o newinstance,ptmxmode=0666 devpts $root/dev/pts
ln -s pts/ptmx $root/dev/ptmx
ln -s /proc/self/fd $root/dev/fd
mount -t tmpfs tmpfs $root/dev/shm
mount -t tmpfs tmpfs $root/run
mkdir -p $root/mnt/out
mount --bind {folder}/out $root/mnt/out
find $root/etc/systemd/system -name '*.wants' -prune -exec rm -r {{}} +
for unit in {masked}; do ln -sf /dev/null $root/etc/systemd/system/$unit; done
ip link set lo up
{prepare}
mkdir -p $root/mnt/before
cd $root
pivot_root . mnt/before
umount -l /mnt/before
mount --make-rshared /
export container=other SYSTEMD_PROC_CMDLINE=systemd.unified_cgroup_hierarchy=1
exec {systemd} --system --unit=try.target
"""

TARGET = "[Unit]\nWants={units} try.service\n"
TRY = """[Service]
Type=oneshot
ExecStart=/bin/sh /mnt/out/try.sh
ExecStopPost=/bin/systemctl --force --force poweroff
StandardOutput=append:/mnt/out/said
StandardError=append:/mnt/out/said
"""


def why_not():
    """Why none can be started here; None when one can."""
    if os.geteuid() != 0:
        return "needs root to start a systemd of its own"
    for tool in ("unshare", "pivot_root", "ip", SYSTEMD):
        if shutil.which(tool) is None:
            return f"needs {tool}"
    if _cgroups() is None:
        return "needs cgroups of version 2"
    return None


def _cgroups():
    """Where they are mounted."""
    for line in Path("/proc/mounts").read_text().splitlines():
        if line.split()[2] == "cgroup2":
            return Path(line.split()[1])
    return None


def try_units(units, prepare, script, seconds):
    """What a shell script says that runs in a machine beside these units, which `prepare` put into $root/etc/systemd/system."""
    folder = Path(tempfile.mkdtemp(prefix="gli-systemd-", dir="/var/tmp"))
    cgroup = _cgroups() / f"gli-{secrets.token_hex(4)}"
    cgroup.mkdir()
    try:
        for name in ("root", "layer", "out"):
            (folder / name).mkdir()
        (folder / "out" / "try.sh").write_text(script)
        (folder / "out" / "try.service").write_text(TRY)
        (folder / "out" / "try.target").write_text(TARGET.format(units=" ".join(units)))
        prepare += "\ncp $root/mnt/out/try.service $root/mnt/out/try.target $root/etc/systemd/system/"
        set_up = SET_UP.format(folder=folder, masked=" ".join(MASKED), prepare=prepare, systemd=SYSTEMD)
        spaces = "env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin unshare --pid --fork --kill-child --mount --uts --ipc --cgroup --net"
        words = ["sh", "-c", f"echo $$ > {cgroup}/cgroup.procs && exec {spaces} sh -c {shlex.quote(set_up)}"]
        out = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds)
        said = folder / "out" / "said"
        return said.read_text() if said.exists() else f"systemd did not start: {out.stdout}{out.stderr}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        for inner in sorted(cgroup.rglob("*"), key=lambda p: -len(p.parts)):
            if inner.is_dir():
                with contextlib.suppress(OSError):
                    inner.rmdir()
        cgroup.rmdir()
