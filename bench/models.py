"""The configured model in the ways in which it can be served, for benches that compare them."""

import json
from collections.abc import Mapping
from pathlib import Path

from shared import manifest


def served(folder: Path) -> Mapping[str, Path]:
    """Manifests by what serves the model: `onnxruntime`, where the manifest has a graph, and `scikit-learn`.

    `folder` takes a manifest without its graph, and the estimator beside it.
    """
    configured = manifest.path()
    document = json.loads(configured.read_bytes())
    if document["artifact"].pop("onnx", None) is None:
        return {"scikit-learn": configured}
    (folder / configured.name).write_text(json.dumps(document), encoding="utf-8")
    estimator = document["artifact"]["file"]
    (folder / estimator).write_bytes((configured.parent / estimator).read_bytes())
    return {"onnxruntime": configured, "scikit-learn": folder / configured.name}
