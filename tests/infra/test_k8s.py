"""The Kubernetes manifests: rules that no schema checks, and the overlays that kustomize renders."""

import functools
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.settings import DECLARED
from tools import capacity
from tools.capacity import hosting
from tools.capacity.command import parser
from tools.capacity.plan import max_rate

ROOT = Path(__file__).parents[2]
K8S = ROOT / "infra/k8s"
FILES = [path for path in sorted(K8S.rglob("*.yaml")) if path.name != "kustomization.yaml"]
OVERLAYS = ["small", "large"]
# Read by the Functions host.
HOST_SETTINGS = {"CORS_ALLOWED_ORIGINS", "CORS_SUPPORT_CREDENTIALS", "FUNCTIONS_ENABLE_CORS_CONFIGURATION"}
kustomize = pytest.mark.skipif(
    not shutil.which("kubectl"), reason="kubectl, which renders the overlays, is not installed"
)


def base(name: str) -> Any:
    """Return the only object in a file of the base."""
    return yaml.safe_load((K8S / "base" / f"{name}.yaml").read_text(encoding="utf-8"))


@functools.cache
def rendered(overlay: str) -> dict[str, Any]:
    """Return the objects that kubectl would apply: kind → object."""
    output = subprocess.check_output(["kubectl", "kustomize", K8S / "overlays" / overlay], encoding="utf-8")
    return {document["kind"]: document for document in yaml.safe_load_all(output)}


def pod() -> Any:
    return base("deployment")["spec"]["template"]


def container() -> Any:
    (only,) = pod()["spec"]["containers"]
    return only


def test_every_file_is_listed_by_its_kustomization() -> None:
    for path in FILES:
        listing = (path.parent / "kustomization.yaml").read_text(encoding="utf-8")
        assert path.name in listing, path


def test_service_policy_budget_and_spread_select_the_deployment_s_pods() -> None:
    labels = pod()["metadata"]["labels"]
    selectors = [
        base("deployment")["spec"]["selector"]["matchLabels"],
        base("service")["spec"]["selector"],
        base("pod-disruption-budget")["spec"]["selector"]["matchLabels"],
        base("network-policy")["spec"]["podSelector"]["matchLabels"],
        *(spread["labelSelector"]["matchLabels"] for spread in pod()["spec"]["topologySpreadConstraints"]),
    ]
    assert [selector for selector in selectors if not selector.items() <= labels.items()] == []


def test_the_pod_is_not_root_and_cannot_become_root() -> None:
    assert base("namespace")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    context = pod()["spec"]["securityContext"] | container()["securityContext"]
    assert context["runAsNonRoot"] is True
    assert context["runAsUser"] > 0
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert context["allowPrivilegeEscalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert pod()["spec"]["automountServiceAccountToken"] is False


def test_the_root_is_read_only_and_scratch_space_is_limited() -> None:
    assert container()["securityContext"]["readOnlyRootFilesystem"] is True
    mounted = {mount["mountPath"]: mount["name"] for mount in container()["volumeMounts"]}
    limits = {volume["name"]: volume["emptyDir"]["sizeLimit"] for volume in pod()["spec"]["volumes"]}
    assert set(mounted.values()) == set(limits)
    assert "/tmp" in mounted  # noqa: S108
    assert not any("/home/site/wwwroot".startswith(path) for path in mounted)


def test_probes_call_the_health_functions() -> None:
    paths = {name: container()[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "readiness", "liveness")}
    assert paths == {"startup": "/health/live", "readiness": "/health/ready", "liveness": "/health/live"}


def test_a_slow_start_is_not_treated_as_a_dead_process() -> None:
    startup = container()["startupProbe"]
    assert startup["periodSeconds"] * startup["failureThreshold"] >= 60


def test_requests_under_way_can_end_before_the_pod_does() -> None:
    waiting = container()["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod()["spec"]["terminationGracePeriodSeconds"] > waiting
    assert base("deployment")["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_the_port_is_the_same_all_the_way() -> None:
    (port,) = container()["ports"]
    (service_port,) = base("service")["spec"]["ports"]
    (allowed,) = base("network-policy")["spec"]["ingress"][0]["ports"]
    assert f"ASPNETCORE_URLS=http://+:{port['containerPort']} " in (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert port["containerPort"] > 1024  # lower ports are root's
    assert service_port["targetPort"] == port["name"]
    assert allowed["port"] == port["containerPort"]
    target = base("interceptor-route")["spec"]["target"]
    assert (target["service"], target["portName"]) == (base("service")["metadata"]["name"], service_port["name"])


def test_keda_scales_this_deployment_by_this_route() -> None:
    scaled = base("scaled-object")["spec"]
    assert scaled["scaleTargetRef"]["name"] == base("deployment")["metadata"]["name"]
    assert "replicas" not in base("deployment")["spec"]
    (trigger,) = scaled["triggers"]
    assert trigger["metadata"]["interceptorRoute"] == base("interceptor-route")["metadata"]["name"]


def settings() -> list[str]:
    """Return the lines `NAME=value` of the settings of the base and of the component."""
    lines = (K8S / "base/settings.env").read_text(encoding="utf-8").splitlines()
    component = yaml.safe_load((K8S / "components/azure/kustomization.yaml").read_text(encoding="utf-8"))
    return [line for line in lines if not line.startswith("#")] + component["configMapGenerator"][0]["literals"]


def test_every_setting_is_declared_and_none_is_secret() -> None:
    names = {line.partition("=")[0] for line in settings()} - HOST_SETTINGS
    assert names <= set(DECLARED)
    assert [name for name in names if DECLARED[name].metadata["secret"]] == []


def test_the_commented_origins_are_as_the_functions_host_reads_them() -> None:
    lines = (K8S / "base/settings.env").read_text(encoding="utf-8").splitlines()
    commented = dict(re.findall(r"^# (\w+)=(.*)$", "\n".join(lines), re.MULTILINE))
    assert set(commented) <= HOST_SETTINGS
    assert commented["FUNCTIONS_ENABLE_CORS_CONFIGURATION"] == "1"
    assert json.loads(commented["CORS_ALLOWED_ORIGINS"]) == ["https://app.example"]


def test_no_manifest_contains_a_secret() -> None:
    kinds = [document["kind"] for path in FILES for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))]
    assert "Secret" not in kinds
    provider = yaml.safe_load((K8S / "components/azure/secret-provider-class.yaml").read_text(encoding="utf-8"))
    (secret,) = provider["spec"]["secretObjects"]
    assert {"secretRef": {"name": secret["secretName"]}} in container()["envFrom"]
    assert secret["data"][0]["objectName"] in provider["spec"]["parameters"]["objects"]


@pytest.mark.parametrize(("size", "cores", "route"), [("small", 0.5, "base"), ("large", 1.0, "overlays/large")])
def test_pods_are_added_before_responses_are_late(size: str, cores: float, route: str) -> None:
    concurrency = json.loads((ROOT / "infra/sizes.json").read_text(encoding="utf-8"))[size]["perInstanceConcurrency"]
    arguments = ["--rps", "1", "--latency-ms", "50", "--concurrency", str(concurrency)]
    load = capacity.load_from(parser("").parse_args(arguments))
    rate = max_rate(load, hosting.pod(cores, load.memory_mb))
    targets = yaml.safe_load((K8S / route / "interceptor-route.yaml").read_text(encoding="utf-8"))["spec"][
        "scalingMetric"
    ]
    assert rate * 0.95 < targets["requestRate"]["targetValue"] <= rate
    assert targets["concurrency"]["targetValue"] == int(rate * load.service_time.mean)


def test_the_pod_has_the_image_s_user_and_volumes_where_it_writes() -> None:
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    user = pod()["spec"]["securityContext"]
    assert f"USER {user['runAsUser']}:{user['runAsGroup']}\n" in image
    folders = re.search(r"mkdir -p ([\w/ -]+)", image)
    assert folders
    assert {mount["mountPath"] for mount in container()["volumeMounts"]} == {"/tmp", *folders[1].split()}  # noqa: S108
    assert f"EXPOSE {container()['ports'][0]['containerPort']}\n" in image


@kustomize
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_renders_every_object_into_one_namespace(overlay: str) -> None:
    objects = rendered(overlay)
    assert set(objects) == {base(path.stem)["kind"] for path in (K8S / "base").glob("*-*.yaml")} | {
        "ConfigMap",
        "Deployment",
        "Namespace",
        "Service",
    }
    assert {document["metadata"].get("namespace") for kind, document in objects.items() if kind != "Namespace"} == {
        "egl-ml"
    }


@kustomize
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_has_an_image_with_a_version_and_at_least_two_pods(overlay: str) -> None:
    objects = rendered(overlay)
    (only,) = objects["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert re.fullmatch(r"[\w.-]+/[\w./-]+:(?!latest)[\w.-]+", only["image"])
    scaled = objects["ScaledObject"]["spec"]
    assert 2 <= scaled["minReplicaCount"] < scaled["maxReplicaCount"]
    assert only["resources"]["requests"]
    assert list(only["resources"]["limits"]) == ["memory"]


@kustomize
def test_the_azure_component_extends_an_overlay(tmp_path: Path) -> None:
    copy = shutil.copytree(K8S, tmp_path / "k8s")
    with (copy / "overlays/small/kustomization.yaml").open("a") as file:
        file.write("components:\n  - ../../components/azure\n")
    output = subprocess.check_output(["kubectl", "kustomize", copy / "overlays/small"], encoding="utf-8")
    objects = {document["kind"]: document for document in yaml.safe_load_all(output)}
    template = objects["Deployment"]["spec"]["template"]
    assert template["metadata"]["labels"]["azure.workload.identity/use"] == "true"
    assert [volume["name"] for volume in template["spec"]["volumes"]] == ["vault", "scratch"]
    assert objects["ConfigMap"]["data"]["USERS_TABLE"] == "users"
    assert objects["SecretProviderClass"]["metadata"]["namespace"] == "egl-ml"
