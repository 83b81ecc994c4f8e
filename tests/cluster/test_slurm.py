"""Jobs of a real Slurm of three nodes: what they answer, how they end, and that nothing of them is left."""

import contextlib
import json
import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path

import gli
import pytest
from by_hand import command, wait_for
from cluster_processes import alive
from everything import needs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slurm_nodes import NODES, TOOLS, Slurm

from gli._slurm_script import job_request

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


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    needs(*TOOLS)
    if os.geteuid() != 0:
        pytest.skip("three slurmd on one machine are started by root")
    s = Slurm(tmp_path_factory.mktemp("slurm"))
    with pytest.MonkeyPatch.context() as here:
        for name, value in s.own.items():
            here.setenv(name, value)
        yield s
        s.end()
    wait_for(lambda: not s.left_behind(), "the end of all that it started")
    assert not list((s.folder / "tmp").iterdir())


@pytest.fixture(scope="module", autouse=True)
def at_walltime(slurm, tmp_path_factory):
    """A job that reaches its walltime, Slurm's shortest, while the other tests run: where it runs, and its number."""
    where = tmp_path_factory.mktemp("walltime")
    script = write(where, COMMITS + COMMITS_AGAIN_ONCE_BUNDLED + WAITS)
    options = ("--walltime", "1", "--notice", "30")
    yield where, submitted(slurm, where, *options, script, where / "s.gli", where / f"s-{next_number(slurm)}.bundle")


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
    wait_for(lambda: not slurm.left_behind(number), f"the end of all processes of job {number}")
    assert not list((slurm.folder / "tmp").glob(f"gli-slurm-{number}-*"))
    assert not list(where.glob(".gli-slurm-*"))
    return known


def history_in(bundle):
    store = gli.GraphStore()
    store.unbundle(bundle)
    return store, [c.message for c in reversed(list(store.log()))]


def first_graph():
    return gli.Graph.from_edge_list([(i, i * 31 % 1009) for i in range(3000)])


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
    wait_for(lambda: history_in(bundle)[1] == ["first", "second"], "the second commit in the bundle")
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


def test_a_job_that_is_queued_again_keeps_the_bundle_of_its_first_life(slurm, tmp_path):
    number = submitted(slurm, tmp_path, write(tmp_path, COMMITS + WAITS), tmp_path / "s.gli")
    await_line(tmp_path, number, "committed")
    slurm.run("scontrol", "requeue", number, check=True)
    wait_for((tmp_path / f"s-{number}.bundle").exists, "the bundle")
    wait_for(lambda: slurm.state(number) == "PENDING", "the job's return to the queue")
    slurm.run("scontrol", "update", f"JobId={number}", "StartTime=now", check=True)
    wait_for(lambda: slurm.state(number) == "RUNNING", "its second life", 120)
    wait_for(lambda: [c.message for c in gli.GraphStore(tmp_path / "s.gli").log()] == ["first"] * 2, "its commit")
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


# --- scripts as sbatch and bash read them -----------------------------------------------------------------------------------------------

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=30).filter(lambda t: t.strip())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(WORDS, max_size=4))
def test_bash_reads_every_word_as_it_was(tmp_path, words):
    python = tmp_path / "a 'python'"
    if not python.exists():
        python.write_text(f"#!{sys.executable}\nimport json, sys; print(json.dumps(sys.argv[1:]))\n")
        python.chmod(0o755)
    script = job_request(python=str(python)).script(words).encode()
    assert subprocess.run(["bash", "-n"], input=script, capture_output=True).stderr == b""
    assert json.loads(subprocess.run(["bash"], input=script, capture_output=True).stdout) == ["-P", "-m", "gli._slurm_job", *words]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=NAMES)
def test_sbatch_reads_every_name_as_it_was(slurm, tmp_path, name):
    script = job_request(job_name=name, walltime="00:01:00").script([])
    held = slurm.run("sbatch", "--parsable", "--hold", "--output=/dev/null", input=script, cwd=tmp_path)
    assert held.returncode == 0, held.stderr
    try:
        assert slurm.run("squeue", "-h", "-j", held.stdout.strip(), "-o", "%j").stdout == f"{name}\n"
    finally:
        slurm.run("scancel", held.stdout.strip())


# --- from outside -----------------------------------------------------------------------------------------------------------------------


def test_a_driver_outside_of_the_allocation_has_a_cluster_and_closing_it_leaves_nothing(slurm, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with gli.SLURMCluster(nodes=3, cores=1, memory="1GiB", walltime="00:10:00") as cluster, gli.Client(cluster) as client:
        number = cluster.job_id
        assert cluster.status == "RUNNING" and f"job {number}" in repr(cluster)
        workers = client.status().workers
        assert {w.cores for w in workers} == {1} and {w.memory_limit for w in workers} == {int((1 << 30) * 0.9)}
        g = client.from_edge_list([(i, i * 31 % 1009) for i in range(3000)])
        assert g.graph_id == first_graph().graph_id
        client.open_store(tmp_path / "s.gli").commit("first", graph=g)
        assert_secrets_are_nowhere_else(slurm, cluster, tmp_path / f".gli-slurm-{number}")
    ended(slurm, tmp_path, int(number))
    assert history_in(tmp_path / f"s-{number}.bundle")[1] == ["first"]
    cluster.close()
    assert cluster.status == "closed"
    with pytest.raises(gli.ClusterError, match="this cluster is closed"):
        gli.Client(cluster)


def assert_secrets_are_nowhere_else(slurm, cluster, folder):
    """Than in files that only their owner reads, in folders that only he enters."""
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700 and stat.S_IMODE((folder / "driver.pem").stat().st_mode) == 0o600
    secrets = [line for line in (folder / "driver.pem").read_text().splitlines() if line and "-----" not in line]
    pids = slurm.left_behind(cluster.job_id)
    workers_files = [Path(w).parent / "worker.pem" for w in re.findall(r"/\S+/w-?\d+\.sock", " ".join(map(sockets_of, pids)))]
    for path in workers_files:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        secrets += [line for line in path.read_text().splitlines() if line and "-----" not in line]
    assert len(pids) >= 6 and len(workers_files) == 3
    told = [slurm.run("scontrol", "show", "job", cluster.job_id).stdout, cluster.job_script()]
    told.append(slurm.run("scontrol", "write", "batch_script", cluster.job_id, "-").stdout)
    for pid in pids:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            told += [Path(f"/proc/{pid}/{part}").read_text(errors="replace") for part in ("cmdline", "environ")]
    spooled = [p for part in ("state", "spool", "log") for p in (slurm.folder / part).rglob("*") if p.is_file()]
    told += [p.read_text(errors="replace") for p in (*spooled, Path(f"slurm-{cluster.job_id}.out"))]
    assert not [s for s in secrets if any(s in t for t in told)]


def sockets_of(pid):
    """The command line of a process, in which a worker's folder is named, as its socket's path."""
    with contextlib.suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
        if words[1:2] == ["worker"]:
            return f" {words[words.index('--dir') + 1]}/w-{pid}.sock"
    return ""


def test_a_cluster_is_scaled_by_another_job(slurm, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cluster = gli.SLURMCluster(nodes=1, cores=1)
    assert cluster.job_id is None and cluster.status == "not submitted"
    try:
        cluster.scale(9)  # more than there are: it waits
        pending = cluster.job_id
        wait_for(lambda: cluster.status.startswith("PENDING"), "the queue")
        with pytest.raises(TimeoutError, match=f"job {pending} was not ready after 0.5 s: PENDING"):
            cluster.wait(timeout=0.5)
        cluster.scale(1)
        assert pending not in slurm.jobs()
        with gli.Client(cluster) as client:
            assert client.status().partitions == 1
        first = cluster.job_id
        cluster.scale(1)
        assert cluster.job_id == first
        with pytest.raises(gli.ClusterError, match=r"scale\(2, restart=True\) ends it"):
            cluster.scale(2)
        cluster.scale(2, restart=True)
        with gli.Client(cluster) as client:
            assert client.status().partitions == 2
    finally:
        cluster.close()
    assert not {pending, first} & set(slurm.jobs())


def test_waiting_in_the_queue_says_so_on_a_terminal_and_ctrl_c_takes_the_job_out(slurm, tmp_path):
    program = "import gli\nwith gli.SLURMCluster(nodes=9, cores=1): pass\n"
    master, terminal = os.openpty()
    before = set(slurm.jobs())
    driver = subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path, stderr=terminal, env=slurm.environment)
    os.close(terminal)
    said = b""
    while b"PENDING" not in said:
        said += os.read(master, 1024)
    assert re.search(rb"gli: job \d+: PENDING \(PartitionNodeLimit\)", said)
    assert set(slurm.jobs()) - before
    driver.send_signal(signal.SIGINT)
    assert driver.wait(60) != 0
    os.close(master)
    assert not set(slurm.jobs()) - before


def test_a_job_that_ends_before_it_is_ready_says_why(slurm, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(gli.ClusterError, match=r"FAILED, exit code 1:0\n +gli: error: interface 'none0'"):
        gli.SLURMCluster(nodes=3, cores=1, interface="none0").__enter__()


def test_a_driver_that_is_killed_leaves_no_job(slurm, tmp_path):
    program = (
        "import gli, time\nwith gli.SLURMCluster(nodes=2, cores=1, death_timeout=2) as c: print(c.job_id, flush=True); time.sleep(1000)\n"
    )
    driver = subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path, stdout=subprocess.PIPE, env=slurm.environment)
    number = int(driver.stdout.readline())
    driver.kill()
    driver.wait()
    assert ended(slurm, tmp_path, number)["ExitCode"] == "0:0"
    assert "gli: the cluster has ended: no driver for 2 s" in output(tmp_path, number)


def test_ending_the_cluster_from_a_client_ends_the_job(slurm, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cluster = gli.SLURMCluster(nodes=2, cores=1)
    with gli.Client(cluster) as client:
        number = int(cluster.job_id)
        client.shutdown()
    assert ended(slurm, tmp_path, number)["ExitCode"] == "0:0"
    assert cluster.status == "ended"
    cluster.close()


# --- mistakes ---------------------------------------------------------------------------------------------------------------------------


def test_mistakes_are_one_line(slurm, tmp_path):
    script = write(tmp_path, "")
    for words, what in (
        ((tmp_path / "none.py",), f"{tmp_path}/none.py: no such file"),
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
