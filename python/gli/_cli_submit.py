"""The command gli submit: a script as a job."""

from __future__ import annotations

import sys

from . import _cli_submit_slurm
from ._errors import ClusterError

OWN_OPTIONS = "options of the script's own come behind --, as in gli submit job.py -- --alpha 0.9"


def add_command(commands, at_least_one, address_help: str) -> None:
    """Adds it to the parser of gli."""
    submit = commands.add_parser(
        "submit",
        help="run a script as a job, of a running cluster or with a cluster of its own as a job of Slurm's",
        epilog=OWN_OPTIONS[0].upper() + OWN_OPTIONS[1:] + ".",
    )
    submit.add_argument("script", metavar="SCRIPT", help="a Python script; in it gli.connect() is a client of its cluster")
    submit.add_argument("arguments", nargs="*", default=[], metavar="ARG", help="of the script")
    where = submit.add_mutually_exclusive_group()
    where.add_argument("--cluster", metavar="ADDRESS", help=f"a running one, whose job it is; what it prints is shown: {address_help}")
    where.add_argument("--slurm", action="store_true", help="as a job of Slurm's, with a cluster on its nodes")
    submit.add_argument("--credentials", metavar="PATH", help="a copy of the cluster's driver.pem (default: GLI_CREDENTIALS)")
    submit.add_argument("--detach", action="store_true", help="print the job's number and return, instead of following it to its end")
    submit.add_argument("--directory", metavar="DIR", help="where it runs, on the coordinator's host (default: here, if that is this host)")
    _cli_submit_slurm.add_options(submit, at_least_one)
    submit.set_defaults(run=_submit)


def take_arguments(options, more: list[str], behind: list[str]) -> list[str]:
    """Puts words that the parser left over, and those behind --, to the script's arguments; answers those that are nobody's."""
    if options.run is not _submit:
        return more
    unknown = [w for w in more if w.startswith("-")]
    options.arguments = [*options.arguments, *(w for w in more if not w.startswith("-")), *behind]
    return unknown


def _submit(o) -> int:
    from ._cli_cluster import connected

    if o.slurm:
        return _cli_submit_slurm.submit_script(o)
    if given := _cli_submit_slurm.given_options(o):
        raise ValueError(f"{given[0]} is for --slurm")

    with connected(o.cluster, o.credentials) as client:
        job = client.submit(o.script, *o.arguments, detached=True, directory=o.directory)
        if o.detach:
            print(job.id)
            return 0
        print(f"gli: job {job.id} ({job.name}) submitted", file=sys.stderr)
        return follow(job)


def follow(job) -> int:
    """Shows what a job prints until it ends: its exit status."""
    try:
        for chunk in job._chunks(True):
            sys.stdout.write(chunk)
            sys.stdout.flush()
        info = job.wait()
    except KeyboardInterrupt:
        print(f"\ngli: job {job.id} goes on: gli logs -f {job.id} follows it, gli cancel {job.id} ends it", file=sys.stderr)
        return 130
    except ClusterError as error:
        raise ClusterError(f"{error}; job {job.id} may go on: gli jobs tells") from None
    if info.state != "succeeded":
        print(f"gli: job {job.id} {how_it_ended(info)}", file=sys.stderr)
    return info.exit_status if info.exit_status is not None else 1


def how_it_ended(info) -> str:
    """ "failed with exit status 3"; why it was cancelled, lost or killed."""
    said = info.error.splitlines()
    if info.state == "failed":
        return f"failed with exit status {info.exit_status}" if info.exit_status not in (None, 0) else f"failed: {said[0] if said else '?'}"
    return f"was {info.state}: {said[0]}" if info.state in ("cancelled", "lost") and said else info.state
