"""Batch scripts as bash and a real sbatch read them, and mistakes of those who submit."""

import json
import os
import subprocess
import sys

from by_hand import command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slurm_jobs import gli_command, write

from gli._slurm_script import job_request

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=30).filter(lambda t: t.strip())


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(WORDS, max_size=4))
def test_bash_reads_every_word_as_it_was(tmp_path, words):
    python = tmp_path / "a 'python'"
    if not python.exists():
        python.write_text(f"#!{sys.executable}\nimport json, sys; print(json.dumps(sys.argv[1:]))\n")
        python.chmod(0o755)
    script = job_request(python=str(python)).script(words).encode()
    assert subprocess.run(["bash", "-n"], input=script, capture_output=True).stderr == b""
    assert json.loads(subprocess.run(["bash"], input=script, capture_output=True).stdout) == ["-P", "-m", "gli._slurm_job", *words]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=NAMES)
def test_sbatch_reads_every_name_as_it_was(slurm, tmp_path, name):
    script = job_request(job_name=name, walltime="00:01:00").script([])
    held = slurm.run("sbatch", "--parsable", "--hold", "--output=/dev/null", input=script, cwd=tmp_path)
    assert held.returncode == 0, held.stderr
    try:
        assert slurm.run("squeue", "-h", "-j", held.stdout.strip(), "-o", "%j").stdout == f"{name}\n"
    finally:
        slurm.run("scancel", held.stdout.strip())


def test_mistakes_are_one_line(slurm, tmp_path):
    script = write(tmp_path, "")
    for words, what in (
        ((tmp_path / "none.py",), f"{tmp_path}/none.py is no file"),
        (("--walltime", "1h", script), "walltime looks like '02:00:00', '1-12:00:00' or '90' (minutes), not '1h'"),
        (("--memory", "much", script), "memory: expected a size such as '4GiB' or '500MB', not 'much'"),
        (("--queue", "nowhere", script), "sbatch: invalid partition specified: nowhere"),
        (("--directive=--nonsense", script), "sbatch: unrecognized option '--nonsense'"),
        (("--bundles", tmp_path / "none", script), f"--bundles {tmp_path}/none is no directory"),
        (("--job-name", "two\nlines", script), "job_name is one line of text, not 'two\\nlines'"),
    ):
        out = gli_command(slurm, tmp_path, "submit", "--slurm", *words)
        assert out.returncode == 1 and out.stdout == "" and out.stderr.startswith(f"gli: error: {what}"), out.stderr
        assert out.stderr.count("\n") == 1
    out = gli_command(slurm, tmp_path, "submit", "--slurm", script, env={**slurm.environment, "PATH": "/nowhere"})
    assert out.stderr == "gli: error: sbatch is not on the PATH: this is no host that submits to Slurm\n"


def test_a_dry_run_prints_the_script_and_asks_slurm_nothing(tmp_path):
    script = write(tmp_path, "")
    words = command("submit", "--slurm", "-N", 3, "-c", 2, "--memory", "4GiB", "--walltime", "00:10:00", "--queue", "main", "-A", "me")
    words += ["--directive=--exclusive", "--prologue", "module load python", "--dry-run", str(script), "--", "--alpha", "a b"]
    out = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "PATH": "/nowhere"})
    assert out.stdout.splitlines() == [
        "#!/usr/bin/env bash",
        "#SBATCH --job-name=job.py",
        "#SBATCH --nodes=3",
        "#SBATCH --ntasks-per-node=1",
        "#SBATCH --cpus-per-task=2",
        "#SBATCH --mem=4096M",
        "#SBATCH --time=00:10:00",
        "#SBATCH --partition=main",
        "#SBATCH --account=me",
        "#SBATCH --signal=B:USR1@60",
        "#SBATCH --exclusive",
        "trap '' USR1  # Slurm's notice, until gli waits for it",
        "module load python",
        f"exec {sys.executable} -P -m gli._slurm_job run --bundles {tmp_path} {script} --alpha 'a b'",
    ]
