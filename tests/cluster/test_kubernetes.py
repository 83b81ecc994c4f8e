"""The Kubernetes manifests: what kubectl makes of them, what they allow, and whether their commands form a cluster."""

import os
import re
import subprocess

import gli
import pytest
import yaml
from by_hand import PATIENCE, command, connected, ready, wait_for
from everything import needs
from pods import MANIFESTS, Node, rendered

RENDERED = ("base", "overlays/three-workers", "overlays/with-stores")


@pytest.fixture(params=RENDERED)
def manifests(request):
    needs("kubectl")
    return rendered(request.param)


def pods(manifests):
    return {name: d["spec"]["template"] for (kind, name), d in manifests.items() if kind == "StatefulSet"}


def containers(manifests):
    return [(name, container) for name, template in pods(manifests).items() for container in template["spec"]["containers"]]


def selects(selector, labels):
    return all(labels.get(k) == v for k, v in selector["matchLabels"].items())


def test_every_manifest_fits_the_published_schemas(manifests):
    import kubernetes_validate

    assert len(manifests) >= 8
    for manifest in manifests.values():
        for version in ("1.27", kubernetes_validate.latest_version()):
            kubernetes_validate.validate(manifest, version, strict=True)


def test_the_driver_in_the_docs_is_a_pod_that_the_policies_let_in(manifests):
    import kubernetes_validate

    page = (MANIFESTS.parents[1] / "docs" / "kubernetes.md").read_text()
    (pod,) = [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```", page, re.S | re.M)]
    kubernetes_validate.validate(pod, "1.27", strict=True)
    assert pod["metadata"]["labels"] == {"gli-driver": "true"}
    (container,) = pod["spec"]["containers"]
    assert container["securityContext"] == pods(manifests)["gli-worker"]["spec"]["containers"][0]["securityContext"]


def test_the_schemas_refuse_what_is_wrong(manifests):
    import kubernetes_validate

    wrong = manifests["StatefulSet", "gli-worker"]
    wrong["spec"]["template"]["spec"]["containers"][0]["readOnly"] = True
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.27", strict=True)


def test_pods_may_do_nothing_that_they_need_not(manifests):
    """The restricted pod security standard, and what it leaves open."""
    assert set(pods(manifests)) == {"gli-coordinator", "gli-worker"}
    for name, template in pods(manifests).items():
        spec = template["spec"]
        assert spec["automountServiceAccountToken"] is False and spec["enableServiceLinks"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & set(spec)
        context = spec["securityContext"]
        assert context["runAsNonRoot"] and context["runAsUser"] > 0 and context["runAsGroup"] > 0 and context["fsGroup"] > 0
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        assert context["fsGroupChangePolicy"] == "OnRootMismatch" and spec["terminationGracePeriodSeconds"] >= 10
        assert not [v for v in spec["volumes"] if "hostPath" in v]
    for _, container in containers(manifests):
        own = container["securityContext"]
        assert own["readOnlyRootFilesystem"] and own["allowPrivilegeEscalation"] is False and own["capabilities"] == {"drop": ["ALL"]}
        assert "privileged" not in own and not [p for p in container["ports"] if "hostPort" in p]
        assert {"cpu", "memory"} == set(container["resources"]["limits"]) == set(container["resources"]["requests"])
        assert {"readinessProbe", "livenessProbe"} <= set(container)


def test_a_container_sees_the_secret_of_its_role_and_no_other(manifests):
    for name, container in containers(manifests):
        secrets = {v["name"]: v["secret"]["secretName"] for v in pods(manifests)[name]["spec"]["volumes"] if "secret" in v}
        seen = [m for m in container["volumeMounts"] if m["name"] in secrets]
        assert [secrets[m["name"]] for m in seen] == [f"gli-{container['name']}"] and all(m["readOnly"] for m in seen)


def test_containers_that_share_a_claim_share_processes_too(manifests):
    """LMDB tells those that have a store open apart by their pids: two that are number 1 of their namespaces cannot both read it."""
    for name, template in pods(manifests).items():
        claims = {c["metadata"]["name"] for c in manifests["StatefulSet", name]["spec"].get("volumeClaimTemplates", [])}
        mounted = [m["name"] for c in template["spec"]["containers"] for m in c["volumeMounts"] if m["name"] in claims]
        assert len(mounted) == len(set(mounted)) or template["spec"]["shareProcessNamespace"]


def test_no_secret_is_in_the_manifests_their_arguments_or_environment(manifests):
    assert not [kind for kind, _ in manifests if kind in ("Secret", "ConfigMap")]
    for _, container in containers(manifests):
        assert not [e for e in container["env"] if "secretKeyRef" in e.get("valueFrom", {})]
        assert "envFrom" not in container


def test_as_many_workers_run_as_the_coordinator_waits_for(manifests):
    coordinator, *beside = manifests["StatefulSet", "gli-coordinator"]["spec"]["template"]["spec"]["containers"]
    told = next(e["value"] for e in coordinator["env"] if e["name"] == "WORKERS")
    assert coordinator["name"] == "coordinator" and {c["name"] for c in beside} <= {"worker"}
    assert manifests["StatefulSet", "gli-worker"]["spec"]["replicas"] + len(beside) == int(told)
    assert manifests["StatefulSet", "gli-coordinator"]["spec"]["replicas"] == 1


def test_services_and_budgets_select_the_pods(manifests):
    for name, template in pods(manifests).items():
        labels = template["metadata"]["labels"]
        service, budget = manifests["Service", name]["spec"], manifests["PodDisruptionBudget", "gli"]["spec"]
        assert service["clusterIP"] == "None" and selects({"matchLabels": service["selector"]}, labels)
        assert manifests["StatefulSet", name]["spec"]["serviceName"] == name
        assert selects(manifests["StatefulSet", name]["spec"]["selector"], labels) and selects(budget["selector"], labels)
        container = template["spec"]["containers"][0]
        assert [p["port"] for p in service["ports"]] == [p["containerPort"] for p in container["ports"]]


def reachable(manifests, direction, labels):
    """(port, labels of the peer) of all that the policies let a pod hear from or speak to; None where none says anything."""
    policies = [d["spec"] for (kind, _), d in manifests.items() if kind == "NetworkPolicy" and selects(d["spec"]["podSelector"], labels)]
    about = [p for p in policies if direction.capitalize() in p["policyTypes"]]
    if not about:
        return None
    peers = {"ingress": "from", "egress": "to"}[direction]
    return {
        (port["port"], tuple(sorted(peer["podSelector"]["matchLabels"].items())))
        for policy in about
        for rule in policy.get(direction, [])
        for peer in rule[peers]
        for port in rule["ports"]
    }


def test_only_workers_and_drivers_reach_the_pods_and_pods_reach_only_each_other(manifests):
    labels = {name: template["metadata"]["labels"] for name, template in pods(manifests).items()}
    coordinator, worker = (tuple(sorted(labels[n].items())) for n in ("gli-coordinator", "gli-worker"))
    driver, names = (("gli-driver", "true"),), (("k8s-app", "kube-dns"),)
    beside = len(pods(manifests)["gli-coordinator"]["spec"]["containers"]) > 1  # a worker in the coordinator's pod
    in_its_pod, to_its_pod = ({(7879, worker), (7879, driver)}, {(7879, coordinator)}) if beside else (set(), set())
    assert reachable(manifests, "ingress", labels["gli-coordinator"]) == {(7878, worker), (7878, driver)} | in_its_pod
    assert reachable(manifests, "ingress", labels["gli-worker"]) == {(7879, worker), (7879, driver)}
    assert reachable(manifests, "egress", labels["gli-coordinator"]) == {(7879, worker)}
    assert reachable(manifests, "egress", labels["gli-worker"]) == {(7878, coordinator), (7879, worker), (53, names)} | to_its_pod
    assert reachable(manifests, "ingress", {"app": "else"}) is None


# --- the commands ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def node(tmp_path):
    needs("kubectl", "unshare", "setpriv", "mount")
    if os.geteuid() != 0:
        pytest.skip("needs root, to be as pods are")
    folder = tmp_path / "credentials"
    subprocess.run(command("credentials", folder), check=True, capture_output=True)
    secrets = {"gli-coordinator": ("coordinator", "driver"), "gli-worker": ("worker",)}
    n = Node({name: {f"{role}.pem": (folder / f"{role}.pem").read_bytes() for role in roles} for name, roles in secrets.items()})
    n.driver = folder / "driver.pem"
    yield n
    n.close()


def scribbling_program():
    """One that writes to a temporary file, and fails where it can write elsewhere."""

    @gli.program(state={"written": "int64"})
    def scribble(v):
        import errno
        import tempfile

        with tempfile.TemporaryFile() as scratch:
            v["written"] = scratch.write(b"here")
        try:
            open("/etc/gli-was-here", "w")
        except OSError as error:
            assert error.errno in (errno.EROFS, errno.EACCES)
        else:
            raise AssertionError("the root is not read-only")

    return scribble


def is_well(pod, which="readinessProbe"):
    return pod.probe(which)[0] == 0


def test_what_the_pods_run_is_a_cluster_as_a_user_without_rights_on_a_read_only_root(node):
    manifests = rendered("base")
    first = node.run(manifests["StatefulSet", "gli-worker"], "worker-0")  # before its coordinator
    wait_for(lambda: "cannot reach the coordinator" in first.log(), "its first knock")
    assert is_well(first, "livenessProbe") and not is_well(first)
    coordinator = node.run(manifests["StatefulSet", "gli-coordinator"], "coordinator")
    second = node.run(manifests["StatefulSet", "gli-worker"], "worker-1")
    for pod in (coordinator, first, second):
        wait_for(lambda: is_well(pod), f"readiness: {pod.log()}")
        assert is_well(pod, "livenessProbe")
    assert is_well(coordinator, "startupProbe")
    address = f"gli://127.0.0.1:{node.port}"
    with connected(address, node.driver) as client:
        ready(client)
        assert client.generate_kronecker(8).pagerank().summary == gli.generate_kronecker(8).pagerank().summary
        assert set(client.generate_kronecker(6).run(scribbling_program())["written"].values()) == {4}
        assert second.terminate() == 0
        wait_for(lambda: not client.status().ready, "its end")
        node.run(manifests["StatefulSet", "gli-worker"], "worker-1-again")
        ready(client)
        assert client.generate_kronecker(8).pagerank().summary == gli.generate_kronecker(8).pagerank().summary
    assert coordinator.terminate() == 0
    assert first.wait(30) == 0


def test_a_worker_that_waits_for_its_coordinator_ends_when_it_is_told_to(node):
    """As the first process of a container it has no default: a signal that it does not take is lost."""
    pod = node.run(rendered("base")["StatefulSet", "gli-worker"], "worker-0")
    wait_for(lambda: "cannot reach the coordinator" in pod.log(), "its first knock")
    assert pod.terminate() == 0


def begin(node, which, life=1):
    """All pods of the base or an overlay, once they are well."""
    manifests = rendered(which)
    pods = [node.run(manifests["StatefulSet", "gli-coordinator"], f"coordinator-{life}")]
    pods += [node.run(manifests["StatefulSet", "gli-worker"], f"worker-{n}-{life}") for n in range(2)]
    for pod in pods:
        wait_for(lambda pod=pod: is_well(pod), f"readiness: {pod.log()}")
        assert is_well(pod, "livenessProbe")
    return pods


def all_ranks(scale):
    with gli.connect() as own:
        return own.generate_kronecker(scale).pagerank().to_arrow(), os.getuid()


def test_a_job_reads_from_the_workers_pods(node):
    coordinator, *_ = begin(node, "base")
    with connected(f"gli://127.0.0.1:{node.port}", node.driver) as client:
        ready(client)
        ranks, user = client.submit(all_ranks, 8).result(PATIENCE)
    assert user == 10001 and ranks.equals(gli.generate_kronecker(8).pagerank().to_arrow())
    assert coordinator.terminate() == 0


def commit_two(path):
    with gli.connect() as own:
        store, graph = own.open_store(path), own.generate_kronecker(8)
        store.commit("Monday", graph=graph, results=graph.pagerank(iterations=5))
        return store.commit("Tuesday", graph=graph.add_node(-1, name="new")).graph_id


def read_back(path):
    with gli.connect() as own:
        store = own.open_store(path)
        return [c.message for c in store.log()], store.at("main").graph_id, store.result("main~1", "pagerank").to_arrow(), store.verify()


def test_a_store_beside_the_coordinator_outlives_all_pods(node, tmp_path):
    graph = gli.generate_kronecker(8)
    address = f"gli://127.0.0.1:{node.port}"
    pods = begin(node, "overlays/with-stores")
    coordinator = pods[0].containers["coordinator"]
    stores = coordinator.volumes["/stores"]
    assert stores == pods[0].containers["worker"].volumes["/stores"]
    with connected(address, node.driver) as client:
        assert len({w.host_id for w in ready(client).workers}) == 3
        committed = client.submit(commit_two, str(stores / "network.gli")).result(PATIENCE)
    assert committed == graph.add_node(-1, name="new").graph_id
    assert [pod.terminate() for pod in pods] == [0, 0, 0]

    pods = begin(node, "overlays/with-stores", life=2)
    with connected(address, node.driver) as client:
        assert ready(client).epoch == 2
        messages, graph_id, ranks, sound = client.submit(read_back, str(stores / "network.gli")).result(PATIENCE)
    assert messages == ["Tuesday", "Monday"] and graph_id == committed and sound
    assert ranks.equals(graph.pagerank(iterations=5).to_arrow())
    coordinator = pods[0].containers["coordinator"]
    status, said = coordinator.run("gli", "bundle", "/stores/network.gli", "/stores/network.bundle")
    assert status == 0, said
    copy = gli.GraphStore(tmp_path / "copy.gli")
    copy.unbundle(stores / "network.bundle")
    assert copy.at("main").graph_id == committed
    assert [pod.terminate() for pod in pods] == [0, 0, 0]
