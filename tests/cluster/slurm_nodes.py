"""A Slurm of three nodes on this machine: munged, slurmctld and three slurmd in a folder of their own, on ports of the loopback."""

import os
import re
import secrets
import signal
import socket
import subprocess
import time
from pathlib import Path

from by_hand import PATIENCE, wait_for

NODES = ("n1", "n2", "n3")
TOOLS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "scancel", "squeue", "scontrol")
KILL_WAIT = 5
_CONFIGURATION = """\
ClusterName=gli
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock
CredType=cred/munge
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmctldPort={ports[0]}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
KillWait={kill_wait}
SchedulerType=sched/builtin
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
{nodes}
PartitionName=main Nodes=n[1-3] Default=YES MaxTime=INFINITE State=UP
"""


class Slurm:
    """It is up when this is made; `end()` leaves none of its processes."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.processes = []
        for part in ("state", "spool", "log", "tmp"):
            (self.folder / part).mkdir(mode=0o755)
        self._configure()
        self.own = {"SLURM_CONF": str(self.folder / "slurm.conf"), "TMPDIR": str(self.folder / "tmp")}
        self.environment = {**os.environ, **self.own}
        try:
            self._start()
        except BaseException:
            self.end()
            raise

    def _configure(self):
        ports, host = _free_ports(1 + len(NODES)), socket.gethostname().split(".")[0]
        line = "NodeName={} NodeHostname={} NodeAddr=127.0.0.1 Port={} CPUs=16 RealMemory=16000 State=UNKNOWN"
        nodes = "\n".join(line.format(name, host, port) for name, port in zip(NODES, ports[1:]))
        text = _CONFIGURATION.format(host=host, folder=self.folder, ports=ports, kill_wait=KILL_WAIT, nodes=nodes)
        (self.folder / "slurm.conf").write_text(text)
        key = self.folder / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(secrets.token_bytes(128))

    def _start(self):
        at = self.folder
        munge = [f"--key-file={at}/munge.key", f"--socket={at}/munge.sock", f"--pid-file={at}/munged.pid", f"--log-file={at}/munged.log"]
        self._spawn("munged", "--foreground", "--force", *munge, f"--seed-file={at}/munged.seed", "--num-threads=2")
        wait_for((at / "munge.sock").exists, "munged")
        self._spawn("slurmctld", "-D", "-f", at / "slurm.conf")
        for node in NODES:
            self._spawn("slurmd", "-D", "-N", node, "-f", at / "slurm.conf")
        look_for(lambda: self.run("sinfo", "-h", "-N", "-o", "%T").stdout.split() == ["idle"] * len(NODES), "three idle nodes")

    def _spawn(self, name, *words):
        with open(self.folder / f"{name}.out", "ab") as output:
            process = subprocess.Popen(
                [name, *map(str, words)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env=self.environment,
            )
        self.processes.append(process)

    def run(self, *words, **options):
        """A command of Slurm's, or any other, that talks to this one."""
        options = {"env": self.environment, "capture_output": True, "text": True, "timeout": 120, **options}
        return subprocess.run(list(map(str, words)), **options)

    def jobs(self):
        """The ids of what is in the queue."""
        return self.run("squeue", "-h", "-o", "%A").stdout.split()

    def job(self, number):
        """What scontrol says of a job, by name."""
        text = self.run("scontrol", "show", "job", number).stdout
        return dict(re.findall(r"(\S+?)=(\S*)", text))

    def state(self, number):
        return self.job(number).get("JobState")

    def await_end(self, number, seconds=60):
        """What scontrol says of the job once it and its steps are gone."""
        look_for(lambda: str(number) not in self.jobs(), f"the end of job {number}", seconds)
        return self.job(number)

    def left_behind(self, number=None):
        """The pids of what this Slurm started beside its daemons and what still runs, of one job or all."""
        daemons = {p.pid for p in self.processes}
        tags = {f"SLURM_CONF={self.environment['SLURM_CONF']}", *([f"SLURM_JOB_ID={number}"] if number else [])}
        return [pid for pid, words in _environments() if tags <= words and pid not in daemons]

    def end(self):
        if len(self.processes) > 1:
            for number in self.jobs():
                self.run("scancel", number)
            look_for(lambda: not self.jobs(), "an empty queue")
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def look_for(condition, what, seconds=PATIENCE):
    """As wait_for, with fewer looks, each of which is a process of its own."""
    return wait_for(lambda: condition() or time.sleep(0.2), what, seconds)


def _environments():
    """Every process of this machine, and what it was started with."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                yield int(entry.name), set((entry / "environ").read_text(errors="replace").split("\0"))
            except OSError:
                continue


def _free_ports(count):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports
