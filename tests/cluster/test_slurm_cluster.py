"""gli.SLURMCluster on a real Slurm of three nodes: drivers outside of the allocation."""

import contextlib
import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path

import gli
import pytest
from slurm_jobs import ended, first_graph, history_in, output
from slurm_nodes import look_for


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
        assert client.submit(node_count).result(timeout=60) == gli.generate_kronecker(6).node_count
        assert_secrets_are_nowhere_else(slurm, cluster, tmp_path / f".gli-slurm-{number}")
    ended(slurm, tmp_path, int(number))
    assert history_in(tmp_path / f"s-{number}.bundle")[1] == ["first"]
    cluster.close()
    assert cluster.status == "closed"
    with pytest.raises(gli.ClusterError, match="this cluster is closed"):
        gli.Client(cluster)


def node_count():
    with gli.connect() as client:
        return client.generate_kronecker(6).node_count


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
        look_for(lambda: cluster.status.startswith("PENDING"), "the queue")
        with pytest.raises(TimeoutError, match=f"job {pending} was not ready after 0.5 s: PENDING"):
            cluster.wait(timeout=0.5)
        cluster.scale(1)
        assert pending not in slurm.jobs()
        with gli.Client(cluster) as client:
            assert client.status().partitions == 1
        first = cluster.job_id
        cluster.scale(1)
        assert cluster.job_id == first
        with pytest.raises(gli.ClusterError, match=rf"scale\(2, restart=True\) ends it .* bundled in {tmp_path}, .* are lost"):
            cluster.scale(2)
        with monkeypatch.context() as here, pytest.raises(gli.ClusterError, match="invalid partition"):
            here.setenv("SBATCH_PARTITION", "nowhere")
            cluster.scale(2, restart=True)
        with gli.Client(cluster) as client:  # of the one that runs: what Slurm refuses ends nothing
            assert (cluster.job_id, client.status().partitions) == (first, 1)
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
    while not re.search(rb"gli: job \d+: PENDING \(PartitionNodeLimit\)", said):  # Slurm may give another reason first
        said += os.read(master, 1024)
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
