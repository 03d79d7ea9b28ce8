"""The ONNX graph: its file must be the manifest's, and it predicts what the estimator predicts."""

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
from msgspec.structs import replace
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeRegressor

from shared.model.loader import load_runtime
from shared.model.manifest import APP, Artifact, Category, Manifest, Number, Onnx, Output, decode
from shared.model.runtimes.onnx import CHUNK, OnnxModel, load
from shared.model.runtimes.sklearn import SklearnModel
from shared.problems import InvalidInstances, ModelCorrupt, ModelUnavailable
from tests.models import manifest
from tools.model import graph
from tools.model.data import table

FEATURES = [Number(name=name, range=(-3.0, 3.0)) for name in ("a", "b")]
X = np.random.default_rng(1).normal(size=(200, 2))


def written(estimator: Any, y: Any, described: Manifest) -> graph.Written:
    return graph.build(described, estimator.fit(X, y), table(X, y, names=["a", "b"], source="d"))


@pytest.fixture
def linear() -> graph.Written:
    return written(LinearRegression(), X @ [1.0, 2.0] + 3.0, manifest(FEATURES))


def saved(folder: Path, content: bytes, **changes: str) -> Onnx:
    (folder / "m.onnx").write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    described = Onnx(file="m.onnx", sha256=sha256, runtime="1", difference=0.0, tolerance=0.0)
    return replace(described, **changes)


def test_a_written_graph_is_loaded_and_predicts(tmp_path: Path, linear: graph.Written) -> None:
    loaded = load(tmp_path, saved(tmp_path, linear.content), FEATURES, ())
    assert loaded.predict([np.array([1.0, 0.0]), np.array([1.0, 0.5])]).predictions == pytest.approx([6.0, 4.0])


def test_a_file_with_another_sha256_is_refused(tmp_path: Path, linear: graph.Written) -> None:
    with pytest.raises(ModelCorrupt):
        load(tmp_path, saved(tmp_path, linear.content, sha256="0" * 64), FEATURES, ())


def test_a_file_that_is_no_graph_is_model_integrity(tmp_path: Path) -> None:
    with pytest.raises(ModelCorrupt):
        load(tmp_path, saved(tmp_path, b"no graph"), FEATURES, ())


def test_a_missing_file_is_model_missing(tmp_path: Path) -> None:
    described = saved(tmp_path, b"")
    (tmp_path / "m.onnx").unlink()
    with pytest.raises(ModelUnavailable):
        load(tmp_path, described, FEATURES, ())


def test_the_graph_is_served_where_the_manifest_names_one(tmp_path: Path, linear: graph.Written) -> None:
    artifact = Artifact(file="gone.joblib", sha256="", estimator="", scikit_learn="0.1")
    described = manifest(FEATURES, artifact=replace(artifact, onnx=saved(tmp_path, linear.content)))
    assert isinstance(load_runtime(tmp_path, described), OnnxModel)


@pytest.mark.parametrize("labels", [["low", "high"], [0, 1], [0.0, 1.0], [False, True]])
def test_labels_have_the_type_that_the_classifier_was_trained_with(labels: list[Any]) -> None:
    y = np.array(labels)[(X[:, 0] > 0).astype(int)]
    classifier = LogisticRegression()
    classes = tuple(np.unique(y).tolist())
    described = manifest(FEATURES, "classifier", output=Output(name="y", classes=classes, probabilities=True))
    graphed = written(classifier, y, described).graph
    columns = [X[:, 0].copy(), X[:, 1].copy()]
    expected = SklearnModel(described, classifier).predict(columns, probabilities=True)
    result = graphed.predict(columns, probabilities=True)
    assert result.predictions == expected.predictions
    assert {type(label) for label in result.predictions} == {type(label) for label in expected.predictions}
    np.testing.assert_allclose(result.probabilities, expected.probabilities, atol=1e-12)


def test_predictions_whose_sum_overflows_raise_no_warning(linear: graph.Written) -> None:
    result = linear.graph.predict([np.array([1.5e308, 1.5e308]), np.array([0.0, 0.0])])
    assert result.predictions == pytest.approx([1.5e308, 1.5e308])


def test_a_large_request_is_predicted_in_parts_in_its_order(linear: graph.Written) -> None:
    count = 2 * CHUNK + 7
    values = np.arange(count, dtype=float)
    predictions = linear.graph.predict([values, np.zeros(count)]).predictions
    assert predictions == pytest.approx((values + 3.0).tolist())


def test_rows_that_the_estimator_refuses_are_named() -> None:
    trees = written(DecisionTreeRegressor(max_depth=2), X[:, 0], manifest(FEATURES)).graph
    columns = [np.array([0.0, 1e39, 0.0]), np.array([0.0, 0.0, -1e300])]
    assert trees.accepts(columns).tolist() == [True, False, False]
    with pytest.raises(InvalidInstances) as caught:
        trees.predict(columns)
    assert [field.pointer for field in caught.value.bad_fields] == ["/instances/1", "/instances/2"]


def test_texts_are_codes_of_the_manifests_values() -> None:
    frame = pd.DataFrame({"a": np.tile(["x", "y"], 20), "b": X[:40, 0]})
    steps = ColumnTransformer([("a", OneHotEncoder(handle_unknown="ignore"), ["a"])], remainder="passthrough")
    y = frame["b"] + (frame["a"] == "x")
    estimator = make_pipeline(steps, LinearRegression()).fit(frame, y)
    features = [Category(name="a", values=("x", "y")), FEATURES[1]]
    described = manifest(features)
    described = replace(described, artifact=replace(described.artifact, rows="frame"))
    graphed = graph.build(described, estimator, table(frame, y, source="d")).graph
    columns = [np.array(["y", "x"], dtype=object), np.array([0.0, 0.0])]
    assert graphed.predict(columns).predictions == pytest.approx([0.0, 1.0])


def test_one_row_of_texts_and_numbers_is_predicted_like_a_batch() -> None:
    frame = pd.DataFrame({"a": np.tile(["x", "y"], 20), "b": X[:40, 0]})
    steps = ColumnTransformer([("a", OneHotEncoder(handle_unknown="ignore"), ["a"])], remainder="passthrough")
    y = frame["b"] + (frame["a"] == "x")
    described = manifest([Category(name="a", values=("x", "y"), open=True), FEATURES[1]])
    described = replace(described, artifact=replace(described.artifact, rows="frame"))
    estimator = make_pipeline(steps, LinearRegression()).fit(frame, y)
    graphed = graph.build(described, estimator, table(frame, y, source="d")).graph
    columns = [np.array(["y", "x", "z"], dtype=object), np.array([0.0, 1.0, 2.0])]
    single = [graphed.predict([column[i : i + 1] for column in columns]).predictions for i in range(3)]
    assert [value for row in single for value in row] == graphed.predict(columns).predictions


def test_a_session_does_not_keep_the_content_of_the_file(linear: graph.Written) -> None:
    content = bytes(bytearray(linear.content))
    before = sys.getrefcount(content)
    loaded = OnnxModel(content, FEATURES)
    assert sys.getrefcount(content) == before
    assert loaded.predict([np.array([1.0]), np.array([1.0])]).predictions == pytest.approx([6.0])


def test_a_graph_without_the_manifests_outputs_is_refused(linear: graph.Written) -> None:
    with pytest.raises(ModelCorrupt) as caught:
        OnnxModel(linear.content, FEATURES, ["low", "high"])
    assert "run make model again" in caught.value.reason


def test_many_threads_at_once_get_the_predictions_of_one(linear: graph.Written) -> None:
    batches = [[np.full(n, n * 1.0), np.zeros(n)] for n in range(1, 60)] * 20
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(linear.graph.predict, batches))
    assert results == [linear.graph.predict(batch) for batch in batches]


DEPLOYED = decode((APP / "model/slr.json").read_bytes())


@pytest.mark.skipif(not DEPLOYED.artifact.onnx, reason="the deployed model has no graph")
def test_serving_a_graph_does_not_import_scikit_learn(tmp_path: Path) -> None:
    manifest_file = tmp_path / "slr.json"
    manifest_file.write_bytes(msgspec.json.encode(replace(DEPLOYED, artifact=replace(DEPLOYED.artifact, linear=None))))
    (tmp_path / "slr.onnx").write_bytes((APP / "model/slr.onnx").read_bytes())
    serve = (
        "import asyncio, msgspec, sys\n"
        "from shared.service import Service; from shared.settings import Settings\n"
        "service = Service.from_settings(Settings.from_environment())\n"
        "body = msgspec.json.encode({'instances': [service.manifest_file.manifest.examples[0].instance]})\n"
        "print(asyncio.run(service.predictor.predict(body, 'r')).decode()); print(*sys.modules)"
    )
    environ = {**os.environ, "MODEL_MANIFEST": str(manifest_file)}
    command = [sys.executable, "-c", serve]
    done = subprocess.run(command, cwd=APP, env=environ, capture_output=True, text=True, check=True)
    response, loaded = done.stdout.splitlines()
    assert '"predictions":' in response
    assert "onnxruntime" in loaded.split()
    assert not set(loaded.split()) & {"sklearn", "scipy", "joblib", "pandas"}
