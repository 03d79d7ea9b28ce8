"""The Kubernetes objects of infra/k8s, as kustomize renders them."""

import functools
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.infra.bicep.template import Files

OVERLAYS = ("small", "large")
ON_AKS = "components:\n  - ../../components/azure\n"


def kubectl() -> str | None:
    """Return the path of kubectl, if it is installed."""
    return shutil.which("kubectl")


class Cluster:
    """The overlays of these files."""

    def __init__(self, files: Files) -> None:
        self.files = {path: text for path, text in files.items() if path.startswith("infra/k8s/")}
        self.objects = functools.cache(self._objects)

    def _objects(self, overlay: str = "small", *, aks: bool = False) -> Mapping[str, Any]:
        """Return the objects that kubectl would apply: kind → object."""
        with tempfile.TemporaryDirectory() as folder:
            for path, text in self.files.items():
                file = Path(folder, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                wanted = aks and path == f"infra/k8s/overlays/{overlay}/kustomization.yaml"
                file.write_text(text + ON_AKS if wanted else text, encoding="utf-8")
            command = ["kubectl", "kustomize", Path(folder, "infra/k8s/overlays", overlay)]
            result = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, timeout=30)
        assert result.returncode == 0, result.stderr
        documents = list(yaml.safe_load_all(result.stdout))
        objects = {document["kind"]: document for document in documents}
        assert len(objects) == len(documents), "two objects of one kind"
        return objects

    def pod(self, overlay: str = "small", *, aks: bool = False) -> Any:
        """Return the deployment's pod template."""
        return self.objects(overlay, aks=aks)["Deployment"]["spec"]["template"]

    def container(self, overlay: str = "small", *, aks: bool = False) -> Any:
        """Return the pod's only container."""
        (only,) = self.pod(overlay, aks=aks)["spec"]["containers"]
        return only
