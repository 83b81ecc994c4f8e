"""The systemd units: what systemd-analyze says of them, and that what they name exists here."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from everything import needs
from systemd_machine import try_units, why_not

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
LARGEST_EXPOSURE = 1.6  # of 10: "OK"


def installed_here(tmp_path, name):
    """A copy of a unit that runs this environment's gli."""
    text = (UNITS / name).read_text().replace("/opt/gli/bin/gli", f"{sys.prefix}/bin/gli")
    copy = tmp_path / name
    copy.write_text(text)
    return copy


def settings(name):
    """All that a unit says, by key, in order."""
    said = {}
    for line in (UNITS / name).read_text().splitlines():
        if re.match(r"[A-Za-z]+=", line):
            key, _, value = line.partition("=")
            said.setdefault(key, []).append(value)
    return said


@pytest.fixture(params=sorted(p.name for p in UNITS.glob("*.service")))
def unit(request):
    return request.param


def test_there_are_a_coordinator_and_workers():
    assert {p.name for p in UNITS.iterdir()} == {"gli-coordinator.service", "gli-worker@.service"}


def test_systemd_finds_nothing_wrong(unit, tmp_path):
    needs("systemd-analyze")
    copy = installed_here(tmp_path, unit)
    instance = copy.with_name(unit.replace("@.", "@0."))
    if instance != copy:
        copy.rename(instance)
    out = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", instance], capture_output=True, text=True)
    about_us = [line for line in out.stderr.splitlines() if "gli" in line]
    assert (out.returncode, about_us) == (0, [])


def test_systemd_verify_would_find_a_mistake(unit, tmp_path):
    needs("systemd-analyze")
    copy = installed_here(tmp_path, unit)
    copy.write_text(copy.read_text().replace("ProtectSystem=strict", "ProtectSytem=strict"))
    out = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", copy], capture_output=True, text=True)
    assert "ProtectSytem" in out.stderr


def test_a_unit_is_exposed_little(unit):
    needs("systemd-analyze")
    words = ["systemd-analyze", "security", "--no-pager", "--offline=true", f"--threshold={LARGEST_EXPOSURE * 10:.0f}", UNITS / unit]
    out = subprocess.run(words, capture_output=True, text=True)
    assert out.returncode == 0, out.stdout + out.stderr
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", out.stdout)
    assert float(found[1]) <= LARGEST_EXPOSURE


def test_credentials_come_from_systemd_and_from_nowhere_else(unit):
    said = settings(unit)
    role, *others = ("coordinator", "driver") if "coordinator" in unit else ("worker",)  # jobs are drivers
    assert said["LoadCredential"] == [f"{r}.pem:/etc/gli/credentials/{r}.pem" for r in (role, *others)]
    assert said["ExecStart"][0].endswith(f"--credentials %d/{role}.pem")
    assert "PRIVATE" not in (UNITS / unit).read_text()


def test_a_unit_limits_memory_and_ends_in_time(unit):
    said = settings(unit)
    assert said["DynamicUser"] == ["yes"] and said["MemoryMax"] and float(said["TimeoutStopSec"][0]) >= 10
    assert ("ProcSubset" in said) is False, "hosts are told apart by a file outside of it"


def test_the_command_of_a_unit_is_one_that_gli_takes(unit, tmp_path):
    """With files that are not there: it gets as far as that."""
    values = {"%S": f"{tmp_path}/state", "%t": f"{tmp_path}/run", "%d": f"{tmp_path}/none", "%i": "0", "${GLI_LISTEN}": "127.0.0.1:0"}
    values |= {"${GLI_WORKERS}": "1", "${GLI_ADDRESS}": "gli://127.0.0.1:1", "${GLI_MEMORY}": "1GiB", "/opt/gli": sys.prefix}
    line = settings(unit)["ExecStart"][0]
    for name, value in values.items():
        line = line.replace(name, value)
    assert "%" not in line and "$" not in line
    out = subprocess.run(shlex.split(line), capture_output=True, text=True, timeout=60)
    assert out.returncode == 1 and f"no credentials in {tmp_path}/none/" in out.stderr


# --- for real -------------------------------------------------------------------------------------------------------------------------

PREPARE = """
mkdir -p $root/opt/gli
ln -s {prefix}/bin $root/opt/gli/bin
cp {units}/* $root/etc/systemd/system/
install -d -m 0700 $root/etc/gli $root/etc/gli/credentials
{prefix}/bin/gli credentials $root/etc/gli/credentials
printf 'GLI_LISTEN=127.0.0.1:7878\\nGLI_WORKERS=2\\n' > $root/etc/gli/coordinator.env
printf 'GLI_ADDRESS=gli://127.0.0.1:7878\\nGLI_MEMORY=1GiB\\n' > $root/etc/gli/worker.env
"""

DRIVER = """
import time
import gli

with gli.connect("gli://127.0.0.1:7878", timeout=30, credentials="/etc/gli/credentials") as client:
    while not client.status().ready:
        time.sleep(0.1)
    assert client.generate_kronecker(8).pagerank().summary == gli.generate_kronecker(8).pagerank().summary

    @gli.program(state={"written": "int64"})
    def scribble(v):
        import tempfile
        with tempfile.TemporaryFile() as scratch:
            v["written"] = scratch.write(b"here")
        try:
            open("/var/gli-was-here", "w")
        except OSError:
            return
        raise AssertionError("the system is not read-only")

    assert set(client.generate_kronecker(6).run(scribble)["written"].values()) == {4}

    def as_a_job():
        with gli.connect() as own:
            ranks = own.generate_kronecker(8).pagerank().to_pandas()
            ranks.to_csv("ranks.csv")
            return len(ranks)

    assert client.submit(as_a_job).result(60) == gli.generate_kronecker(8).node_count
    print("answered in epoch", client.status().epoch)
"""

SCRIPT = """
ask() {{ for i in $(seq 50); do {prefix}/bin/python /mnt/out/driver.py 2>/tmp/why && return; sleep 0.2; done; cat /tmp/why; }}
cat > /mnt/out/driver.py <<'EOF'
{driver}
EOF
ask
for unit in gli-coordinator gli-worker@0 gli-worker@1; do
  pid=$(systemctl show -P MainPID $unit)
  echo $unit runs as $(stat -c %u /proc/$pid)
  grep Seccomp: /proc/$pid/status
done
systemctl restart gli-coordinator
ask
systemctl stop gli-coordinator gli-worker@0 gli-worker@1
for unit in gli-coordinator gli-worker@0 gli-worker@1; do
  echo $unit: $(systemctl show -P Result $unit) $(systemctl show -P ExecMainStatus $unit)
done
journalctl --no-pager | grep -F gli | tail -n 40
"""


@pytest.mark.timeout(400)
def test_the_units_run_a_cluster_under_a_systemd_with_all_their_restrictions():
    if reason := why_not():
        pytest.skip(reason)
    prepare = PREPARE.format(prefix=sys.prefix, units=UNITS)
    script = SCRIPT.format(prefix=sys.prefix, driver=DRIVER)
    said = try_units(["gli-coordinator.service", "gli-worker@0.service", "gli-worker@1.service"], prepare, script, 380)
    assert "answered in epoch 1" in said and "answered in epoch 2" in said, said
    users = re.findall(r"^gli-\S+ runs as (\d+)$", said, re.M)
    assert len(users) == 3 and all(int(user) >= 61184 for user in users), said  # systemd's range of dynamic users
    assert said.count("Seccomp:\t2") == 3, said
    assert re.findall(r"^(gli-\S+): success 0$", said, re.M) == ["gli-coordinator", "gli-worker@0", "gli-worker@1"], said
