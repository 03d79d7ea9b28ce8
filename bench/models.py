"""The configured model in the ways in which it can be served, for benches that compare them."""

import json
from collections.abc import Mapping
from pathlib import Path

from shared import manifest


def served(folder: Path) -> Mapping[str, Path]:
    """Manifests by what serves the model: as it is, and without what is served before `onnxruntime`, `scikit-learn`.

    `folder` takes the manifests, and the model's files beside them.
    """
    configured = manifest.path()
    document = json.loads(configured.read_bytes())
    found: dict[str, Path] = {manifest.current().artifact.runtime: configured}
    for first in ("linear", "onnx"):
        if document["artifact"].pop(first, None):
            path = folder / f"{first}.json"
            path.write_text(json.dumps(document), encoding="utf-8")
            found[manifest.decode(path.read_bytes()).artifact.runtime] = path
    for each in configured.parent.glob("slr.*"):
        (folder / each.name).write_bytes(each.read_bytes())
    return found
