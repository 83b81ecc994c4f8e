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
import time
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
    """A machine that runs pods: a folder for their volumes, and their processes. Claims are there for the next pod of a StatefulSet."""

    def __init__(self, secrets):
        self.folder = Path(tempfile.mkdtemp(prefix="gli-node-", dir="/var/tmp"))
        self.folder.chmod(0o755)
        (self.folder / "claims").mkdir()
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
    """What a StatefulSet's template says: volumes, and a container or more."""

    def __init__(self, node, manifest, folder):
        self.node, self.folder = node, folder
        self.spec = manifest["spec"]["template"]["spec"]
        self.claims = {c["metadata"]["name"]: f"{c['metadata']['name']}-{manifest['metadata']['name']}" for c in self._claims(manifest)}
        folder.mkdir()
        (folder / "venv").mkdir()
        names = {m["name"] for c in self.spec["containers"] for m in c["volumeMounts"]}
        self.volumes = {name: self._volume(name) for name in sorted(names)}
        self.processes = self._process_namespace() if self.spec.get("shareProcessNamespace") else None
        self.containers = {c["name"]: Container(self, c) for c in self.spec["containers"]}

    @staticmethod
    def _claims(manifest):
        return manifest["spec"].get("volumeClaimTemplates", [])

    def _volume(self, name):
        """As a kubelet makes it: root's, with the mode and group that fsGroup says."""
        claim = self.claims.get(name)
        path = self.node.folder / "claims" / claim if claim else self.folder / name
        if path.exists():
            return path
        path.mkdir()
        group = self.spec["securityContext"]["fsGroup"]
        os.chown(path, 0, group)
        path.chmod(0o2775 if claim else 0o2777)
        source = next((v for v in self.spec["volumes"] if v["name"] == name), {})
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

    @staticmethod
    def _process_namespace():
        """One for all containers: its first process only holds it."""
        words = ["unshare", "--pid", "--fork", "--kill-child", "sh", "-c", "trap : TERM; echo there; sleep infinity"]
        holder = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        assert holder.stdout.readline() == b"there\n"
        return holder

    def probe(self, which):
        """The worst exit status of its containers' probes, and what they said."""
        said = [c.probe(which) for c in self.containers.values() if which in c.spec]
        return max(status for status, _ in said), "\n".join(text for _, text in said)

    def log(self):
        return "\n".join(c.log.read_text() for c in self.containers.values())

    def terminate(self):
        """As a kubelet does it: to the first process of each container; the worst exit status, within the grace period."""
        for container in self.containers.values():
            container.signal(signal.SIGTERM)
        return self.wait(self.spec["terminationGracePeriodSeconds"])

    def wait(self, seconds):
        deadline = time.monotonic() + seconds
        return max(c.process.wait(max(0.0, deadline - time.monotonic())) for c in self.containers.values())

    def kill(self):
        for process in [*(c.process for c in self.containers.values()), *filter(None, [self.processes])]:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait()
        if self.processes:
            self.processes.stdout.close()


class Container:
    """One of a pod. Its root is read-only but for its volumes; it has no capability and may get none."""

    def __init__(self, pod, spec):
        self.pod, self.spec = pod, spec
        self.port = pod.node.port if spec["name"] == "coordinator" else free_port()
        self.volumes = {m["mountPath"]: pod.volumes[m["name"]] for m in spec["volumeMounts"]}
        self.log = pod.folder / f"{spec['name']}.log"
        with open(self.log, "ab") as output:
            self.process = self._spawn(spec["command"], stdout=output, stderr=output)

    def _words(self, command):
        """The command with this machine's programs, paths and ports."""
        values = {**{e["name"]: e.get("value") for e in self.spec.get("env", [])}, **LIMITS}
        replaced = {f"$({name})": value for name, value in values.items() if value is not None}
        replaced |= {mount: str(path) for mount, path in self.volumes.items() if mount != TEMPORARY}
        replaced |= {
            "gli-coordinator:7878": f"127.0.0.1:{self.pod.node.port}",
            "gli-coordinator-0:7878": f"127.0.0.1:{self.pod.node.port}",
            "0.0.0.0:7878": f"0.0.0.0:{self.pod.node.port}",
            ":7879": f":{self.port}",
        }
        venv = f"{self.pod.folder}/venv"
        package = Path(gli.__file__).parent.relative_to(sys.prefix)
        programs = {"gli": [f"{venv}/bin/python", "-m", "gli._cli"], "glid": [f"{venv}/{package}/bin/glid"]}
        words = []
        for word in command[1:]:
            old = next((r for r in replaced if r in word), "")
            words.append(word.replace(old, replaced.get(old, "")) if old else word)
        return [*programs[command[0]], *words]

    def _spawn(self, command, **streams):
        context, own = self.pod.spec["securityContext"], self.spec["securityContext"]
        assert context["runAsNonRoot"] and own["readOnlyRootFilesystem"] and own["capabilities"] == {"drop": ["ALL"]}
        script = f'mount --make-rprivate / && mount -t proc proc /proc && {self._mounts()} mount -o remount,bind,ro / && exec "$@"'
        drop = ["setpriv", f"--reuid={context['runAsUser']}", f"--regid={context['runAsGroup']}", f"--groups={context['fsGroup']}"]
        drop += ["--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
        environment = {"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/nonexistent"}
        words = [*self._namespaces(), "sh", "-c", script, "sh", *drop, *self._words(command)]
        return subprocess.Popen(words, stdin=subprocess.DEVNULL, env=environment, cwd="/", **streams)

    def _namespaces(self):
        if self.pod.processes is None:
            return ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        return ["nsenter", f"--pid=/proc/{child_of(self.pod.processes)}/ns/pid", "unshare", "--mount"]

    def _mounts(self):
        """Programs, its own volumes, and no other pod's claims."""
        binds = {sys.prefix: f"{self.pod.folder}/venv"}
        for mount, path in self.volumes.items():
            if not next(m for m in self.spec["volumeMounts"] if m["mountPath"] == mount).get("readOnly", False):
                binds[str(path)] = mount if mount == TEMPORARY else str(path)
        script = "".join(shlex.join(["mount", "--bind", *each]) + " && " for each in binds.items())
        hidden = "" if self.pod.claims else f"mount -t tmpfs tmpfs {self.pod.node.folder}/claims && "
        return hidden + script

    def run(self, *command):
        """As kubectl exec does it: its exit status, and what it said."""
        process = self._spawn(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said, _ = process.communicate(timeout=60)
        return process.returncode, said.decode()

    def probe(self, which):
        return self.run(*self.spec[which]["exec"]["command"])

    def signal(self, which):
        with contextlib.suppress(ProcessLookupError):
            os.kill(child_of(self.process), which)


def child_of(process):
    """The first process in the namespace that this one made or entered. ProcessLookupError where it has ended."""
    try:
        return int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text())
    except (OSError, ValueError):
        raise ProcessLookupError(process.pid) from None
