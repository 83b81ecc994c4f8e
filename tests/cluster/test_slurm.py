"""Jobs of a real Slurm of three nodes: what they answer, how they end, and that nothing of them is left."""

import re
import signal

import gli
import pytest
from by_hand import wait_for
from cluster_processes import alive
from slurm_jobs import (
    COMMITS,
    COMMITS_AGAIN_ONCE_BUNDLED,
    WAITS,
    await_line,
    ended,
    first_graph,
    gli_command,
    history_in,
    next_number,
    output,
    submitted,
    write,
)
from slurm_nodes import NODES, look_for


@pytest.fixture(scope="module", autouse=True)
def at_walltime(slurm, tmp_path_factory):
    """A job that reaches its walltime, Slurm's shortest, while the other tests run: where it runs, and its number."""
    where = tmp_path_factory.mktemp("walltime")
    script = write(where, COMMITS + COMMITS_AGAIN_ONCE_BUNDLED + WAITS)
    options = ("--walltime", "1", "--notice", "30")
    yield where, submitted(slurm, where, *options, script, where / "s.gli", where / f"s-{next_number(slurm)}.bundle")


# --- scripts ----------------------------------------------------------------------------------------------------------------------------


def test_a_script_has_a_worker_on_each_node_and_its_answer_is_the_jobs_output(slurm, data, tmp_path):
    edges = data / "p2p-31" / "p2p-31.e"
    script = write(
        tmp_path,
        "import sys, gli\n"
        "client = gli.connect()\n"
        "for w in client.status().workers:\n"
        "    print(dict(v.split('=', 1) for v in open(f'/proc/{w.pid}/environ').read().split('\\0') if '=' in v)['SLURMD_NODENAME'])\n"
        "g = client.read_edges(sys.argv[1])\n"
        "print(g.graph_id, g.connected_components().count(), g.pagerank(iterations=5).top(1)['id'][0])\n",
    )
    number = submitted(slurm, tmp_path, "--walltime", "00:10:00", script, edges)
    known = ended(slurm, tmp_path, number)
    here = gli.read_edges(edges)
    lines = output(tmp_path, number).splitlines()
    assert (known["JobState"], known["ExitCode"], known["NumNodes"]) == ("COMPLETED", "0:0", "3")
    assert sorted(lines[:3]) == list(NODES)
    assert lines[3:] == [f"{here.graph_id} {here.connected_components().count()} {here.pagerank(iterations=5).top(1)['id'][0]}"]
    assert str(number) not in slurm.jobs()


def test_what_a_script_is_given_prints_and_ends_with_is_the_jobs(slurm, tmp_path):
    where = tmp_path / 'it\'s a "place" $HOME'
    where.mkdir()
    script = write(where, "import sys; print(sys.argv[1:]); print('to stderr', file=sys.stderr); sys.exit(7)", "the 'job'; #1.py")
    arguments = ["--nodes", "a b", "it's", '"$HOME"', "`x`", "--", "", "two\nlines", "#SBATCH --nodes=9"]
    number = submitted(slurm, where, "-J", 'a "name" of #1 \'s', script, "--", *arguments)
    known = ended(slurm, where, number)
    assert (known["JobState"], known["ExitCode"]) == ("FAILED", "7:0")
    assert output(where, number).splitlines() == [str(arguments), "to stderr"]


def test_an_exception_is_in_the_output_with_its_traceback(slurm, tmp_path):
    script = write(tmp_path, "import gli\ngli.connect().read_edges('/nowhere.e')\n")
    number = submitted(slurm, tmp_path, script)
    assert ended(slurm, tmp_path, number)["ExitCode"] == "1:0"
    said = output(tmp_path, number)
    assert "Traceback" in said and "FileNotFoundError" in said and "/nowhere.e" in said


def test_a_script_that_a_signal_ends_and_what_it_left_running_are_gone(slurm, tmp_path):
    script = write(
        tmp_path,
        "import os, signal, subprocess\nprint(subprocess.Popen(['sleep', '1000']).pid, flush=True)\nos.kill(os.getpid(), signal.SIGKILL)\n",
    )
    number = submitted(slurm, tmp_path, script)
    assert ended(slurm, tmp_path, number)["ExitCode"] == f"{128 + signal.SIGKILL}:0"
    assert not alive(int(output(tmp_path, number)))


def test_waiting_for_a_job_ends_with_its_exit_status(slurm, tmp_path):
    script = write(tmp_path, "import sys; sys.exit(5)")
    out = gli_command(slurm, tmp_path, "submit", "--slurm", "--wait", "-c", 1, script)
    assert (out.returncode, out.stderr) == (5, "")
    ended(slurm, tmp_path, int(out.stdout))


def test_two_jobs_at_once_have_clusters_of_their_own(slurm, tmp_path):
    script = write(
        tmp_path,
        "import os, sys, time, gli\n"
        "c = gli.connect()\n"
        "open(sys.argv[1], 'w').close()\n"
        "while not os.path.exists(sys.argv[2]): time.sleep(0.05)\n"
        "print(c.status().cluster, c.generate_kronecker(6).node_count)\n",
    )
    numbers = [submitted(slurm, tmp_path, script, tmp_path / a, tmp_path / b) for a, b in (("a", "b"), ("b", "a"))]
    for number in numbers:
        assert ended(slurm, tmp_path, number)["JobState"] == "COMPLETED"
    (one, nodes), (other, same) = (output(tmp_path, number).split() for number in numbers)
    assert one != other and nodes == same == str(gli.generate_kronecker(6).node_count)


def test_a_worker_that_is_killed_is_started_again(slurm, tmp_path):
    script = write(
        tmp_path,
        "import os, signal, time, gli\n"
        "c = gli.connect()\n"
        "os.kill(c.status().workers[1].pid, signal.SIGKILL)\n"
        "while all(w.state == 'ready' for w in c.status().workers): time.sleep(0.05)\n"
        "while not c.status().ready: time.sleep(0.05)\n"
        "print(c.generate_kronecker(6).node_count)\n",
    )
    number = submitted(slurm, tmp_path, script)
    assert ended(slurm, tmp_path, number)["JobState"] == "COMPLETED"
    answer, said = output(tmp_path, number).splitlines()
    assert answer == str(gli.generate_kronecker(6).node_count)
    assert re.fullmatch(r"gli: node n[123]: the worker was ended by SIGKILL; another one takes its place", said)


def test_a_coordinator_that_is_killed_fails_the_script_and_leaves_nothing(slurm, tmp_path):
    script = write(
        tmp_path,
        "import os, pathlib, signal, time, gli\n"
        "c = gli.connect()\n"
        "cluster = ('GLI_CLUSTER_ID=' + c.status().cluster).encode()\n"
        "for p in pathlib.Path('/proc').glob('[0-9]*'):\n"
        "    try: found = b'coordinator' in (p / 'cmdline').read_bytes() and cluster in (p / 'environ').read_bytes()\n"
        "    except OSError: continue\n"
        "    if found: os.kill(int(p.name), signal.SIGKILL)\n"
        "while True: c.ping(); time.sleep(0.05)\n",
    )
    number = submitted(slurm, tmp_path, script)
    assert ended(slurm, tmp_path, number)["ExitCode"] == "1:0"
    assert output(tmp_path, number).splitlines()[-1].startswith("gli._errors.ClusterError: the coordinator at gli://")


# --- ends, and bundles ------------------------------------------------------------------------------------------------------------------


def test_a_job_that_committed_leaves_a_bundle(slurm, tmp_path):
    other = tmp_path / "other" / "s.gli"
    other.parent.mkdir()
    script = write(tmp_path, COMMITS + "gli.GraphStore(sys.argv[2]).commit('embedded', graph=gli.Graph().add_node(1))\nsys.exit(3)\n")
    (tmp_path / "bundles").mkdir()
    options = ("--bundles", tmp_path / "bundles", "--store", other)
    number = submitted(slurm, tmp_path, *options, script, tmp_path / "s.gli", other)
    assert ended(slurm, tmp_path, number)["ExitCode"] == "3:0"
    bundles = {b.name: history_in(b) for b in (tmp_path / "bundles").iterdir()}
    assert {name: messages for name, (_, messages) in bundles.items()} == {
        f"s-{number}.bundle": ["embedded"],
        f"s-2-{number}.bundle": ["first"],
    }
    assert bundles[f"s-2-{number}.bundle"][0].get_current_graph().graph_id == first_graph().graph_id


def test_a_cancelled_job_is_bundled_and_gone(slurm, tmp_path):
    number = submitted(slurm, tmp_path, write(tmp_path, COMMITS + WAITS), tmp_path / "s.gli")
    await_line(tmp_path, number, "committed")
    slurm.run("scancel", number, check=True)
    assert ended(slurm, tmp_path, number)["JobState"] == "CANCELLED"
    store, messages = history_in(tmp_path / f"s-{number}.bundle")
    assert messages == ["first"] and store.get_current_graph().graph_id == first_graph().graph_id


def test_from_slurms_notice_on_each_commit_is_bundled_and_the_script_goes_on(slurm, tmp_path):
    number = next_number(slurm)
    script = write(tmp_path, COMMITS + COMMITS_AGAIN_ONCE_BUNDLED + "while not os.path.exists('go'): time.sleep(0.05)\n")
    bundle = tmp_path / f"s-{number}.bundle"
    assert submitted(slurm, tmp_path, script, tmp_path / "s.gli", bundle) == number
    await_line(tmp_path, number, "committed")
    assert not bundle.exists()
    slurm.run("scancel", "--signal=USR1", "--batch", number, check=True)
    await_line(tmp_path, number, "committed again")
    look_for(lambda: history_in(bundle)[1] == ["first", "second"], "the second commit in the bundle")
    assert slurm.state(number) == "RUNNING"
    (tmp_path / "go").touch()
    assert ended(slurm, tmp_path, number)["ExitCode"] == "0:0"


def test_a_script_that_handles_slurms_notice_commits_what_it_has(slurm, tmp_path):
    handles = "import signal\nsignal.signal(signal.SIGUSR1, lambda *_: (store.commit('last', graph=g), print('last', flush=True)))\n"
    number = submitted(slurm, tmp_path, write(tmp_path, COMMITS + handles + "print('ready', flush=True)\n" + WAITS), tmp_path / "s.gli")
    await_line(tmp_path, number, "ready")
    slurm.run("scancel", "--signal=USR1", "--batch", number, check=True)
    await_line(tmp_path, number, "last")
    slurm.run("scancel", number, check=True)
    assert ended(slurm, tmp_path, number)["JobState"] == "CANCELLED"
    assert history_in(tmp_path / f"s-{number}.bundle")[1] == ["first", "last"]


def runs_at_once(slurm, number):
    """Whether a job runs; one that was put back into the queue would wait for two minutes there."""
    slurm.run("scontrol", "update", f"JobId={number}", "StartTime=now")
    known = slurm.job(number)
    return known["JobState"] == "RUNNING" and known["Restarts"] == "1"


def test_a_job_that_is_queued_again_keeps_the_bundle_of_its_first_life(slurm, tmp_path):
    number = submitted(slurm, tmp_path, write(tmp_path, COMMITS + WAITS), tmp_path / "s.gli")
    await_line(tmp_path, number, "committed")
    slurm.run("scontrol", "requeue", number, check=True)
    wait_for((tmp_path / f"s-{number}.bundle").exists, "the bundle")
    look_for(lambda: runs_at_once(slurm, number), "its second life")
    look_for(lambda: [c.message for c in gli.GraphStore(tmp_path / "s.gli").log()] == ["first"] * 2, "its commit")
    slurm.run("scancel", number, check=True)
    ended(slurm, tmp_path, number)
    assert history_in(tmp_path / f"s-{number}.bundle")[1] == ["first"]
    assert history_in(tmp_path / f"s-{number}.1.bundle")[1] == ["first", "first"]


def test_what_cannot_be_bundled_is_said_and_fails_the_job(slurm, tmp_path):
    script = write(tmp_path, COMMITS)
    number = submitted(slurm, tmp_path, "--store", tmp_path / "none.gli", script, tmp_path / "s.gli")
    assert ended(slurm, tmp_path, number)["ExitCode"] == "1:0"
    assert f"gli: {tmp_path}/none.gli could not be bundled: " in output(tmp_path, number)
    assert history_in(tmp_path / f"s-{number}.bundle")[1] == ["first"]


def test_a_cluster_that_cannot_start_ends_the_job_with_one_line(slurm, tmp_path):
    number = submitted(slurm, tmp_path, "--interface", "none0", write(tmp_path, "print('never')"))
    assert ended(slurm, tmp_path, number)["ExitCode"] == "1:0"
    assert output(tmp_path, number) == "gli: error: interface 'none0' of this node has no IPv4 address: No such device\n"


# --- walltime, which began with the first test ------------------------------------------------------------------------------------------


def test_at_its_walltime_a_job_has_bundled_what_was_committed_since_the_notice(slurm, at_walltime):
    where, number = at_walltime
    slurm.await_end(number, 150)
    known = ended(slurm, where, number)
    assert known["JobState"] == "TIMEOUT" and known["TimeLimit"] == "00:01:00"
    assert "committed again" in output(where, number).splitlines()
    store, messages = history_in(where / f"s-{number}.bundle")
    assert messages == ["first", "second"]
    assert store.at("main~1").graph_id == first_graph().graph_id
    assert store.get_current_graph().graph_id == first_graph().add_edge(1, 5000, create_nodes=True).graph_id
