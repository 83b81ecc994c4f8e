"""The pods of the Kubernetes manifests, as processes of this machine: their commands with the volumes, users and limits that a kubelet
gives them, but for its images, its cgroups and its seccomp profile."""

import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import gli
import yaml

MANIFESTS = Path(__file__).parents[2] / "deploy" / "kubernetes"
TEMPORARY = "/tmp"  # which is mounted there; the others lie in the node's folder, and commands name them there
LIMITS = {"CPUS": "1", "MEMORY": str(2 << 30)}


def rendered(name):
    """What kubectl applies, by kind and name."""
    text = subprocess.run(["kubectl", "kustomize", MANIFESTS / name], check=True, capture_output=True, text=True).stdout
    return {(d["kind"], d["metadata"]["name"]): d for d in yaml.safe_load_all(text)}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Node:
    """A machine that runs pods: a folder for their volumes, and their processes."""

    def __init__(self, secrets):
        self.folder = Path(tempfile.mkdtemp(prefix="gli-node-", dir="/var/tmp"))
        self.folder.chmod(0o755)
        self.secrets = secrets
        self.port = free_port()
        self.pods = []

    def run(self, manifest, name):
        pod = Pod(self, manifest, self.folder / name)
        self.pods.append(pod)
        return pod

    def close(self):
        for pod in self.pods:
            pod.kill()
        shutil.rmtree(self.folder)


class Pod:
    """One container of a StatefulSet's template. Its root is read-only but for its volumes; it has no capability and may get none."""

    def __init__(self, node, manifest, folder):
        self.node, self.folder = node, folder
        self.spec = manifest["spec"]["template"]["spec"]
        (self.container,) = self.spec["containers"]
        self.port = node.port if self.container["name"] == "coordinator" else free_port()
        claims = {c["metadata"]["name"] for c in manifest["spec"].get("volumeClaimTemplates", [])}
        folder.mkdir()
        self.volumes = {m["mountPath"]: self._volume(m["name"], m["name"] in claims) for m in self.container["volumeMounts"]}
        self.log = folder / "log"
        self.process = self._spawn(self.container["command"], open(self.log, "ab"))

    def _volume(self, name, claimed):
        """As a kubelet makes it: root's, with the mode and group that fsGroup says."""
        path = self.folder / name
        path.mkdir()
        group = self.spec["securityContext"]["fsGroup"]
        os.chown(path, 0, group)
        path.chmod(0o2775 if claimed else 0o2777)
        if claimed:
            return path
        source = next(v for v in self.spec["volumes"] if v["name"] == name)
        if "secret" in source:
            self._fill(path, source["secret"]["secretName"], group)
        return path

    def _fill(self, path, secret, group):
        """Files behind two links, so that they can be replaced at once; root's, and readable by fsGroup too."""
        data = path / "..2026_11_30_20_30_00.123456789"
        data.mkdir(mode=0o750)
        os.chown(data, 0, group)
        for name, content in self.node.secrets[secret].items():
            file = data / name
            file.write_bytes(content)
            file.chmod(0o440)
            os.chown(file, 0, group)
            (path / name).symlink_to(f"..data/{name}")
        (path / "..data").symlink_to(data.name)

    def _words(self, command):
        """The command with this machine's programs, paths and ports."""
        values = {**{e["name"]: e.get("value") for e in self.container.get("env", [])}, **LIMITS}
        replaced = {f"$({name})": value for name, value in values.items() if value is not None}
        replaced |= {mount: str(path) for mount, path in self.volumes.items() if mount != TEMPORARY}
        replaced |= {
            "gli-coordinator:7878": f"127.0.0.1:{self.node.port}",
            "0.0.0.0:7878": f"0.0.0.0:{self.node.port}",
            ":7879": f":{self.port}",
        }
        package = Path(gli.__file__).parent.relative_to(sys.prefix)
        programs = {"gli": [f"{self.folder}/venv/bin/python", "-m", "gli._cli"], "glid": [f"{self.folder}/venv/{package}/bin/glid"]}
        words = []
        for word in command[1:]:
            old = next((r for r in replaced if r in word), "")
            words.append(word.replace(old, replaced.get(old, "")) if old else word)
        return [*programs[command[0]], *words]

    def _spawn(self, command, output):
        context, own = self.spec["securityContext"], self.container["securityContext"]
        assert context["runAsNonRoot"] and own["readOnlyRootFilesystem"] and own["capabilities"] == {"drop": ["ALL"]}
        venv = self.folder / "venv"
        venv.mkdir(exist_ok=True)
        binds = {
            str(path): mount if mount == TEMPORARY else str(path) for mount, path in self.volumes.items() if not self._read_only(mount)
        }
        script = "mount --make-rprivate / && "
        for source, target in {sys.prefix: str(venv), **binds}.items():
            script += shlex.join(["mount", "--bind", source, target]) + " && "
        drop = ["setpriv", f"--reuid={context['runAsUser']}", f"--regid={context['runAsGroup']}", f"--groups={context['fsGroup']}"]
        drop += ["--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
        environment = {"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/nonexistent"}
        words = [
            "unshare",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child",
            "sh",
            "-c",
            script + 'mount -o remount,bind,ro / && exec "$@"',
            "sh",
            *drop,
            *self._words(command),
        ]
        return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, cwd="/")

    def _read_only(self, path):
        return next(m for m in self.container["volumeMounts"] if m["mountPath"] == path).get("readOnly", False)

    def probe(self, which):
        """The exit status of one of its probes, and what it said."""
        probe = self._spawn(self.container[which]["exec"]["command"], subprocess.PIPE)
        said, _ = probe.communicate(timeout=60)
        return probe.returncode, said.decode()

    def first_process(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as f:
            return int(f.read())

    def terminate(self):
        """As a kubelet does it: to the first process of the container; its exit status, within the grace period."""
        os.kill(self.first_process(), signal.SIGTERM)
        return self.process.wait(self.spec["terminationGracePeriodSeconds"])

    def kill(self):
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
