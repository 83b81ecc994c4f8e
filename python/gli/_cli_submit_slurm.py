"""gli submit --slurm: a script as a job of Slurm's, with a cluster on its nodes (docs/slurm.md)."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from ._slurm_script import NOTICE_SECONDS, job_request


_ONLY_SLURM = (
    *("nodes", "cores", "memory", "walltime", "queue", "account", "job_name", "directive", "prologue", "interface", "store", "bundles"),
    *("notice", "dry_run", "wait"),
)


def add_options(submit, at_least_one) -> None:
    """Adds those that only --slurm takes to the parser of gli submit."""
    slurm = submit.add_argument_group("with --slurm")
    slurm.add_argument("-N", "--nodes", type=at_least_one, metavar="N", help="how many, with a worker on each (default: 1)")
    slurm.add_argument("-c", "--cores", type=at_least_one, metavar="N", help="of each node (default: what Slurm gives)")
    slurm.add_argument("--memory", metavar="SIZE", help="of each node, such as 64GiB: at most nine tenths are its worker's")
    slurm.add_argument("-t", "--walltime", metavar="TIME", help="HH:MM:SS, D-HH:MM:SS or minutes (default: the queue's)")
    slurm.add_argument("-p", "--queue", metavar="NAME", help="Slurm's partition")
    slurm.add_argument("-A", "--account", metavar="NAME")
    slurm.add_argument("-J", "--job-name", metavar="NAME", help="default: the script's")
    slurm.add_argument("--directive", action="append", metavar="TEXT", help="a further line for #SBATCH: --directive=--exclusive")
    slurm.add_argument("--prologue", action="append", metavar="TEXT", help="a line of shell before the rest: 'module load python'")
    slurm.add_argument("--interface", metavar="NAME", help="the network's, by which the nodes reach the first one: ib0")
    slurm.add_argument("--store", action="append", metavar="PATH", help="to bundle at the end, beside those that the cluster commits to")
    slurm.add_argument("--bundles", metavar="DIR", help="where bundles go: beyond the nodes' own disks (default: here)")
    slurm.add_argument(
        "--notice", type=at_least_one, metavar="SECONDS", help=f"how long before the walltime bundling begins (default: {NOTICE_SECONDS})"
    )
    slurm.add_argument("--dry-run", action="store_true", help="print the batch script instead of submitting it")
    slurm.add_argument("--wait", action="store_true", help="return when the job has ended, with its exit status")


def given_options(o: argparse.Namespace) -> list[str]:
    """Those that only --slurm takes."""
    return [f"--{name.replace('_', '-')}" for name in _ONLY_SLURM if getattr(o, name)]


def submit_script(o: argparse.Namespace) -> int:
    """Prints the job's number; with --wait the job's exit status."""
    from ._slurm_commands import submit

    script = batch_script(o)
    if o.dry_run:
        print(script, end="")
        return 0
    job = submit(script)
    print(job.number, flush=True)
    return _await_end(job) if o.wait else 0


def _await_end(job) -> int:
    try:
        said = None
        for state in job.states():
            if state != said and sys.stderr.isatty():
                print(f"gli: job {job.number}: {state}", file=sys.stderr)
            said = state
    except KeyboardInterrupt:
        print(f"\ngli: job {job.number} goes on: scancel {job.number} ends it", file=sys.stderr)
        return 130
    return job.exit_status


def batch_script(o: argparse.Namespace) -> str:
    """The script for sbatch; FileNotFoundError and the like for what the job would not find."""
    path = Path(o.script).absolute()
    if not path.is_file():
        raise FileNotFoundError(f"{o.script} is no file")
    bundles = Path(o.bundles or ".").absolute()
    if not os.access(bundles, os.W_OK | os.X_OK):
        raise PermissionError(f"--bundles {bundles} is no directory that one can write to")
    given = {"nodes": o.nodes, "notice": o.notice, "job_extra_directives": o.directive, "job_script_prologue": o.prologue}
    request = job_request(
        cores=o.cores,
        memory=o.memory,
        walltime=o.walltime,
        queue=o.queue,
        account=o.account,
        job_name=o.job_name or path.name,
        **{name: value for name, value in given.items() if value is not None},
    )
    words = ["run", "--bundles", str(bundles)]
    for option, values in (("--store", [os.path.abspath(s) for s in o.store or []]), ("--interface", [o.interface] if o.interface else [])):
        words += [word for value in values for word in (option, value)]
    return request.script([*words, str(path), *o.arguments])
