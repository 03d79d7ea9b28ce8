"""The Kubernetes objects that kustomize renders: what refers to what, and rules that no schema checks."""

import json
import re
from typing import Any

import yaml

from shared.settings import DECLARED
from tests.infra.azure import ROOT
from tests.infra.cluster import OVERLAYS, Cluster
from tools import capacity
from tools.capacity import hosting
from tools.capacity.command import parser
from tools.capacity.plan import max_rate

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
# Read by the Functions host.
HOST_SETTINGS = {"CORS_ALLOWED_ORIGINS", "CORS_SUPPORT_CREDENTIALS", "FUNCTIONS_ENABLE_CORS_CONFIGURATION"}
NAME = "egl-ml"
"""Of the secret that people create by docs/deploy.md, and of nearly everything else."""
KINDS = {
    "ConfigMap",
    "Deployment",
    "InterceptorRoute",
    "Namespace",
    "NetworkPolicy",
    "PodDisruptionBudget",
    "ScaledObject",
    "Service",
    "ServiceAccount",
}


def test_every_object_is_rendered_into_one_namespace(cluster: Cluster) -> None:
    for overlay in OVERLAYS:
        objects = cluster.objects(overlay)
        assert set(objects) == KINDS
        namespaces = {kind: document["metadata"].get("namespace") for kind, document in objects.items()}
        name = objects["Namespace"]["metadata"]["name"]
        assert {kind for kind, namespace in namespaces.items() if namespace != name} == {"Namespace"}


def test_service_policy_budget_and_spread_select_the_deployment_s_pods(cluster: Cluster) -> None:
    objects, labels = cluster.objects(), cluster.pod()["metadata"]["labels"]
    selectors = [
        objects["Deployment"]["spec"]["selector"]["matchLabels"],
        objects["Service"]["spec"]["selector"],
        objects["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        objects["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
        *(spread["labelSelector"]["matchLabels"] for spread in cluster.pod()["spec"]["topologySpreadConstraints"]),
    ]
    assert [selector for selector in selectors if not selector or not selector.items() <= labels.items()] == []


def test_the_pod_is_not_root_and_cannot_become_root(cluster: Cluster) -> None:
    labels = cluster.objects()["Namespace"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    context = cluster.pod()["spec"]["securityContext"] | cluster.container()["securityContext"]
    assert context["runAsNonRoot"] is True
    assert context["runAsUser"] > 0
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert context["allowPrivilegeEscalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"]}


def test_the_pod_never_calls_the_cluster(cluster: Cluster) -> None:
    assert cluster.pod()["spec"]["automountServiceAccountToken"] is False
    account = cluster.objects()["ServiceAccount"]
    assert account["automountServiceAccountToken"] is False
    assert cluster.pod()["spec"]["serviceAccountName"] == account["metadata"]["name"]


def test_the_root_is_read_only_and_scratch_space_is_limited(cluster: Cluster) -> None:
    assert cluster.container()["securityContext"]["readOnlyRootFilesystem"] is True
    mounted = {mount["mountPath"]: mount["name"] for mount in cluster.container()["volumeMounts"]}
    limits = {volume["name"]: volume["emptyDir"]["sizeLimit"] for volume in cluster.pod()["spec"]["volumes"]}
    assert set(mounted.values()) == set(limits)
    assert not any("/home/site/wwwroot".startswith(path) for path in mounted)


def test_the_pod_has_the_image_s_user_and_volumes_where_it_writes(cluster: Cluster) -> None:
    user = cluster.pod()["spec"]["securityContext"]
    assert f"USER {user['runAsUser']}:{user['runAsGroup']}\n" in DOCKERFILE
    assert user["fsGroup"] == user["runAsGroup"]
    folders = re.search(r"mkdir -p ([\w/ -]+)", DOCKERFILE)
    assert folders
    mounted = {mount["mountPath"] for mount in cluster.container()["volumeMounts"]}
    assert mounted == {"/tmp", *folders[1].split()}  # noqa: S108


def test_probes_call_the_health_functions(cluster: Cluster) -> None:
    (port,) = cluster.container()["ports"]
    probes = {name: cluster.container()[f"{name}Probe"] for name in ("startup", "readiness", "liveness")}
    paths = {name: probe["httpGet"]["path"] for name, probe in probes.items()}
    assert paths == {"startup": "/health/live", "readiness": "/health/ready", "liveness": "/health/live"}
    assert {probe["httpGet"]["port"] for probe in probes.values()} == {port["name"]}


def test_a_slow_start_is_not_treated_as_a_dead_process(cluster: Cluster) -> None:
    startup, liveness = cluster.container()["startupProbe"], cluster.container()["livenessProbe"]
    assert startup["periodSeconds"] * startup["failureThreshold"] >= 60
    assert liveness["periodSeconds"] * liveness["failureThreshold"] >= 30
    assert cluster.container()["readinessProbe"]["timeoutSeconds"] >= 5  # the first one waits for the model


def test_requests_under_way_can_end_before_the_pod_does(cluster: Cluster) -> None:
    waiting = cluster.container()["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert 5 <= waiting <= cluster.pod()["spec"]["terminationGracePeriodSeconds"] - 30
    assert cluster.objects()["Deployment"]["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert cluster.objects()["PodDisruptionBudget"]["spec"]["maxUnavailable"] == 1


def test_the_port_is_the_same_all_the_way(cluster: Cluster) -> None:
    objects = cluster.objects()
    (port,) = cluster.container()["ports"]
    (service_port,) = objects["Service"]["spec"]["ports"]
    (allowed,) = objects["NetworkPolicy"]["spec"]["ingress"][0]["ports"]
    assert f"ASPNETCORE_URLS=http://+:{port['containerPort']} " in DOCKERFILE
    assert f"EXPOSE {port['containerPort']}\n" in DOCKERFILE
    assert port["containerPort"] > 1024  # lower ports are root's
    assert service_port["targetPort"] == port["name"]
    assert allowed["port"] == port["containerPort"]
    target = objects["InterceptorRoute"]["spec"]["target"]
    assert (target["service"], target["portName"]) == (objects["Service"]["metadata"]["name"], service_port["name"])


def test_only_keda_reaches_the_pods_and_they_reach_dns_and_tls(cluster: Cluster) -> None:
    policy = cluster.objects()["NetworkPolicy"]["spec"]
    assert sorted(policy["policyTypes"]) == ["Egress", "Ingress"]
    (ingress,) = policy["ingress"]
    namespace = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "keda"}}}
    assert ingress["from"] == [namespace]
    ports = {(port["protocol"], port["port"]) for rule in policy["egress"] for port in rule["ports"]}
    assert ports == {("UDP", 53), ("TCP", 53), ("TCP", 443)}


def test_keda_scales_this_deployment_by_this_route(cluster: Cluster) -> None:
    for overlay in OVERLAYS:
        objects = cluster.objects(overlay)
        scaled = objects["ScaledObject"]["spec"]
        assert scaled["scaleTargetRef"]["name"] == objects["Deployment"]["metadata"]["name"]
        assert "replicas" not in objects["Deployment"]["spec"]
        (trigger,) = scaled["triggers"]
        assert trigger["metadata"]["interceptorRoute"] == objects["InterceptorRoute"]["metadata"]["name"]
        assert trigger["metadata"]["scalerAddress"] == "keda-add-ons-http-external-scaler.keda:9090"
        assert 2 <= scaled["minReplicaCount"] < scaled["maxReplicaCount"]


def test_the_image_has_a_version(cluster: Cluster) -> None:
    for overlay in OVERLAYS:
        assert re.fullmatch(r"[\w.-]+/[\w./-]+:(?!latest)[\w.-]+", cluster.container(overlay)["image"])


def test_a_pod_has_the_memory_it_requests_and_no_limit_of_cpu(cluster: Cluster) -> None:
    for overlay, cpu, memory in (("small", "500m", ("512Mi", "1Gi")), ("large", "1", ("1Gi", "2Gi"))):
        resources = cluster.container(overlay)["resources"]
        assert resources == {"requests": {"cpu": cpu, "memory": memory[0]}, "limits": {"memory": memory[1]}}


def sources(cluster: Cluster, *, aks: bool) -> dict[str, str]:
    """Return the names of the objects that the container's settings come from."""
    given = cluster.container(aks=aks)["envFrom"]
    return {kind: source["name"] for entry in given for kind, source in entry.items()}


def test_the_settings_come_from_the_config_map_and_the_secret(cluster: Cluster) -> None:
    names = sources(cluster, aks=False)
    assert names == {"configMapRef": cluster.objects()["ConfigMap"]["metadata"]["name"], "secretRef": NAME}


def test_every_setting_is_declared_and_none_is_secret(cluster: Cluster) -> None:
    for aks in (False, True):
        names = set(cluster.objects(aks=aks)["ConfigMap"]["data"]) - HOST_SETTINGS
        assert names <= set(DECLARED)
        assert [name for name in names if DECLARED[name].metadata["secret"]] == []


def test_the_commented_origins_are_as_the_functions_host_reads_them(cluster: Cluster) -> None:
    text = cluster.files["infra/k8s/base/settings.env"]
    commented = dict(re.findall(r"^# (\w+)=(.*)$", text, re.MULTILINE))
    assert set(commented) <= HOST_SETTINGS
    assert commented["FUNCTIONS_ENABLE_CORS_CONFIGURATION"] == "1"
    assert json.loads(commented["CORS_ALLOWED_ORIGINS"]) == ["https://app.example"]


def test_no_manifest_contains_a_secret(cluster: Cluster) -> None:
    for aks in (False, True):
        assert "Secret" not in cluster.objects(aks=aks)


def test_on_aks_the_driver_makes_the_secret_that_the_pod_reads(cluster: Cluster) -> None:
    provider = cluster.objects(aks=True)["SecretProviderClass"]
    (secret,) = provider["spec"]["secretObjects"]
    assert secret["secretName"] == sources(cluster, aks=True)["secretRef"]
    (listed,) = yaml.safe_load(provider["spec"]["parameters"]["objects"])["array"]
    vault_object = yaml.safe_load(listed)
    (data,) = secret["data"]
    assert (data["key"], data["objectName"]) == ("TOKEN_KEY", vault_object["objectName"])
    assert vault_object == {"objectName": "token-key", "objectType": "secret"}


def test_on_aks_the_secret_is_mounted_because_that_creates_it(cluster: Cluster) -> None:
    """Without a pod that mounts it there is no secret, so the deployment must never be scaled to zero."""
    volumes = {volume["name"]: volume for volume in cluster.pod(aks=True)["spec"]["volumes"]}
    assert set(volumes) == {"vault", "scratch"}
    driver = volumes["vault"]["csi"]
    provider = cluster.objects(aks=True)["SecretProviderClass"]["metadata"]
    assert (driver["driver"], driver["readOnly"]) == ("secrets-store.csi.k8s.io", True)
    assert driver["volumeAttributes"]["secretProviderClass"] == provider["name"]
    assert provider["namespace"] == cluster.objects(aks=True)["Namespace"]["metadata"]["name"]
    mounts = {mount["name"]: mount for mount in cluster.container(aks=True)["volumeMounts"]}
    assert mounts["vault"]["readOnly"] is True
    assert cluster.objects(aks=True)["ScaledObject"]["spec"]["minReplicaCount"] >= 1


def test_on_aks_pods_are_one_identity_everywhere(cluster: Cluster) -> None:
    objects = cluster.objects(aks=True)
    assert cluster.pod(aks=True)["metadata"]["labels"]["azure.workload.identity/use"] == "true"
    client = objects["ConfigMap"]["data"]["STORAGE_CLIENT_ID"]
    assert objects["ServiceAccount"]["metadata"]["annotations"]["azure.workload.identity/client-id"] == client
    assert objects["SecretProviderClass"]["spec"]["parameters"]["clientID"] == client
    assert objects["ConfigMap"]["data"]["USERS_TABLE"] == "users"


def test_pods_are_added_before_responses_are_late(cluster: Cluster) -> None:
    sizes = json.loads((ROOT / "infra/sizes.json").read_text(encoding="utf-8"))
    for size, cores in (("small", 0.5), ("large", 1.0)):
        arguments = ["--rps", "1", "--latency-ms", "50", "--concurrency", str(sizes[size]["perInstanceConcurrency"])]
        load = capacity.load_from(parser("").parse_args(arguments))
        rate = max_rate(load, hosting.pod(cores, load.memory_mb))
        targets: Any = cluster.objects(size)["InterceptorRoute"]["spec"]["scalingMetric"]
        assert rate * 0.95 < targets["requestRate"]["targetValue"] <= rate
        assert targets["concurrency"]["targetValue"] == int(rate * load.service_time.mean)
