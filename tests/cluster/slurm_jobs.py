"""What tests of Slurm have in common: scripts that commit, and jobs from their submission to their end."""

import contextlib
import re

import gli
from by_hand import command, wait_for
from slurm_nodes import look_for

COMMITS = """
import os, sys, time, gli
client = gli.connect()
g = client.from_edge_list([(i, i * 31 % 1009) for i in range(3000)])
store = client.open_store(sys.argv[1])
store.commit("first", graph=g)
print("committed", flush=True)
"""
WAITS = "while True: time.sleep(0.05)\n"
COMMITS_AGAIN_ONCE_BUNDLED = """
while not os.path.exists(sys.argv[2]): time.sleep(0.05)
store.commit("second", graph=g.add_edge(1, 5000, create_nodes=True))
print("committed again", flush=True)
"""


def next_number(slurm):
    return int(re.search(r"NEXT_JOB_ID\s*=\s*(\d+)", slurm.run("scontrol", "show", "config").stdout)[1])


def write(where, text, name="job.py"):
    (where / name).write_text(text)
    return where / name


def gli_command(slurm, where, *words, **options):
    return slurm.run(*command(*words), cwd=where, **options)


def submitted(slurm, where, *words):
    out = gli_command(slurm, where, "submit", "--slurm", "-N", 3, "--cores", 1, *words)
    assert out.returncode == 0, out.stderr
    return int(out.stdout)


def output(where, number):
    with contextlib.suppress(FileNotFoundError):
        return (where / f"slurm-{number}.out").read_text()
    return ""


def await_line(where, number, line):
    wait_for(lambda: line in output(where, number).splitlines(), f"{line!r} of job {number}")


def ended(slurm, where, number):
    """What Slurm says of a job once it has ended, and that nothing of it is left."""
    known = slurm.await_end(number)
    look_for(lambda: not slurm.left_behind(number), f"the end of all processes of job {number}")
    assert not list((slurm.folder / "tmp").glob(f"gli-slurm-{number}-*"))
    assert not list(where.glob(".gli-slurm-*"))
    return known


def history_in(bundle):
    store = gli.GraphStore()
    store.unbundle(bundle)
    return store, [c.message for c in reversed(list(store.log()))]


def first_graph():
    return gli.Graph.from_edge_list([(i, i * 31 % 1009) for i in range(3000)])
