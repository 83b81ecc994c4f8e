"""The main job, as a newcomer runs it."""

import os
import shutil
import subprocess
import sys

import gli
import pytest


def run_demo(store, **environment):
    done = subprocess.run([sys.executable, "-m", "gli", "demo", "--store", str(store)], capture_output=True, text=True, timeout=170,
                          env={**os.environ, "COLUMNS": "80", **environment})
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def check(output, store):
    assert max(len(line) for line in output.splitlines()) <= 80
    assert output.count("same answers") == 5
    assert "All answers agree" in output
    friday, monday = gli.GraphStore(store).log()
    assert list(friday.parents) == [monday.id]
    assert friday.nodes < monday.nodes
    opened = gli.GraphStore(store)
    assert opened.at(friday.id).graph_id == friday.graph_id
    assert opened.verify()


@pytest.mark.skipif(not shutil.which("apt-cache"), reason="this machine has no apt-cache")
def test_the_demo_agrees_with_itself_on_this_machine_s_packages(tmp_path):
    listed = subprocess.run(["apt-cache", "dumpavail"], capture_output=True).stdout.strip()
    output = run_demo(tmp_path / "demo.gli")
    check(output, tmp_path / "demo.gli")
    assert ("packages" in output) == bool(listed)


def test_a_machine_without_package_lists_gets_a_kronecker_graph_and_is_told_so(tmp_path):
    output = run_demo(tmp_path / "demo.gli", PATH="/nonexistent")
    check(output, tmp_path / "demo.gli")
    assert "Kronecker" in output and "no package lists" in " ".join(output.lower().split())
