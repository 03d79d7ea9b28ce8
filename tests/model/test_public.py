"""The public view of a manifest: what clients and the page need, and nothing of the model's files or weights."""

import json
from pathlib import Path

from msgspec.structs import replace

from shared.model import public
from shared.model.manifest import APP, Artifact, Linear, Number, Onnx, decode
from tests.models import manifest

LINEAR = Linear(weights=(2.5, 1.0), intercept=0.5, difference=1e-15, tolerance=1e-9)
ONNX = Onnx(file="slr.onnx", sha256="ab" * 32, runtime="1.32.0", difference=0.0, tolerance=1e-9)
ARTIFACT = Artifact(
    file="slr.joblib", sha256="cd" * 32, estimator="Ridge", scikit_learn="1.9.1", onnx=ONNX, linear=LINEAR
)
FEATURES = [Number(name="age", range=(0.0, 9.0)), Number(name="bmi", range=(0.0, 9.0))]


def test_weights_files_hashes_and_differences_are_not_public() -> None:
    view = json.loads(public.encode(manifest(FEATURES, artifact=ARTIFACT)))
    assert view["artifact"] == {"estimator": "Ridge", "scikit_learn": "1.9.1", "runtime": "numpy"}
    assert not {"weights", "sha256", "file", "difference", "slr.joblib", "slr.onnx"} & set(str(view).split("'"))


def test_everything_else_is_public() -> None:
    described = decode((APP / "model/slr.json").read_bytes())
    view = json.loads(public.encode(described))
    written = json.loads(Path(APP / "model/slr.json").read_bytes())
    for member in ("name", "version", "kind", "features", "output", "training", "statistics", "examples"):
        assert view[member] == written[member]


def test_a_description_that_is_empty_is_left_out() -> None:
    assert "description" not in json.loads(public.encode(replace(manifest(FEATURES), description="")))
