"""The command gli submit: a script as a job."""

from __future__ import annotations

import argparse
import sys

from . import _cli_submit_slurm


def add_command(commands, at_least_one) -> None:
    """Adds it to the parser of gli."""
    submit = commands.add_parser(
        "submit",
        help="run a script as a job; gli.connect() in it is a client of the job's cluster",
        usage="gli submit --slurm [OPTION]... SCRIPT [ARGUMENT]...",
    )
    submit.add_argument("--slurm", action="store_true", required=True, help="as a job of Slurm's, with a cluster on its nodes")
    _cli_submit_slurm.add_options(submit, at_least_one)
    submit.add_argument("script", metavar="SCRIPT", help="a Python script")
    submit.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARGUMENT", help="what comes behind the script is the script's")
    submit.set_defaults(run=_submit)


def _submit(o) -> None:
    status = _cli_submit_slurm.submit_script(o)
    if status:
        sys.exit(status)
