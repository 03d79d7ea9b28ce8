"""The ONNX graph in the estimator's place: its file is what the manifest says, and it answers as the estimator does."""

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace
from sklearn.linear_model import LinearRegression, LogisticRegression

from shared import model, onnx
from shared.fitted import Fitted
from shared.manifest import APP, Artifact, Manifest, Number, Onnx, Output, decode
from shared.onnx import Graph
from shared.problems import ModelCorrupt, ModelUnavailable
from tests.models import manifest
from tools.model import graph
from tools.model.data import table

FEATURES = [Number(name=name, range=(-3.0, 3.0)) for name in ("a", "b")]
X = np.random.default_rng(1).normal(size=(200, 2))


def written(estimator: Any, y: Any, of: Manifest) -> graph.Written:
    return graph.of(of, estimator.fit(X, y), table(X, y, names=["a", "b"], source="d"))


@pytest.fixture
def linear() -> graph.Written:
    return written(LinearRegression(), X @ [1.0, 2.0] + 3.0, manifest(FEATURES))


def saved(folder: Path, content: bytes, **changes: str) -> Onnx:
    (folder / "m.onnx").write_bytes(content)
    named = Onnx(file="m.onnx", sha256=hashlib.sha256(content).hexdigest(), runtime="1", difference=0.0, tolerance=0.0)
    return replace(named, **changes)


def test_what_was_written_is_loaded_and_answers(tmp_path: Path, linear: graph.Written) -> None:
    loaded = onnx.graph(tmp_path, saved(tmp_path, linear.content), ())
    assert loaded.answer([np.array([1.0, 0.0]), np.array([1.0, 0.5])]).predictions == pytest.approx([6.0, 4.0])


def test_other_bytes_than_the_manifest_names_are_refused(tmp_path: Path, linear: graph.Written) -> None:
    with pytest.raises(ModelCorrupt):
        onnx.graph(tmp_path, saved(tmp_path, linear.content, sha256="0" * 64), ())


def test_bytes_that_are_no_graph_are_model_integrity(tmp_path: Path) -> None:
    with pytest.raises(ModelCorrupt):
        onnx.graph(tmp_path, saved(tmp_path, b"no graph"), ())


def test_a_missing_file_is_model_missing(tmp_path: Path) -> None:
    named = saved(tmp_path, b"")
    (tmp_path / "m.onnx").unlink()
    with pytest.raises(ModelUnavailable):
        onnx.graph(tmp_path, named, ())


def test_the_graph_is_served_where_the_manifest_names_one(tmp_path: Path, linear: graph.Written) -> None:
    artifact = Artifact(file="gone.joblib", sha256="", estimator="", scikit_learn="0.1")
    of = manifest(FEATURES, artifact=replace(artifact, onnx=saved(tmp_path, linear.content)))
    assert isinstance(model.answering(tmp_path, of), Graph)


@pytest.mark.parametrize("labels", [["low", "high"], [0, 1], [0.0, 1.0], [False, True]])
def test_labels_are_of_the_type_that_the_classifier_was_trained_with(labels: list[Any]) -> None:
    y = np.array(labels)[(X[:, 0] > 0).astype(int)]
    classifier = LogisticRegression()
    classes = tuple(np.unique(y).tolist())
    of = manifest(FEATURES, "classifier", output=Output(name="y", classes=classes, probabilities=True))
    found = written(classifier, y, of)
    columns = [X[:, 0].copy(), X[:, 1].copy()]
    wanted = Fitted(of, classifier).answer(columns, probabilities=True)
    given = found.graph.answer(columns, probabilities=True)
    assert [(type(label), label) for label in given.predictions] == [(type(each), each) for each in wanted.predictions]
    np.testing.assert_allclose(given.probabilities, wanted.probabilities, atol=1e-12)


def test_answers_whose_sum_overflows_are_answered_without_a_warning(linear: graph.Written) -> None:
    answers = linear.graph.answer([np.array([1.5e308, 1.5e308]), np.array([0.0, 0.0])])
    assert answers.predictions == pytest.approx([1.5e308, 1.5e308])


def test_many_threads_at_once_get_the_answers_of_one(linear: graph.Written) -> None:
    asked = [[np.full(n, n * 1.0), np.zeros(n)] for n in range(1, 60)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(linear.graph.answer, asked * 20))
    assert [answer.predictions for answer in answers] == [linear.graph.answer(each).predictions for each in asked * 20]


DEPLOYED = decode((APP / "model/slr.json").read_bytes())


@pytest.mark.skipif(not DEPLOYED.artifact.onnx, reason="the model has no graph")
def test_serving_a_graph_imports_neither_scikit_learn_nor_what_it_brings(tmp_path: Path) -> None:
    manifest_file = tmp_path / "slr.json"
    manifest_file.write_bytes(msgspec.json.encode(replace(DEPLOYED, artifact=replace(DEPLOYED.artifact, linear=None))))
    (tmp_path / "slr.onnx").write_bytes((APP / "model/slr.onnx").read_bytes())
    serve = (
        "import asyncio, sys; from shared import scoring, settings\n"
        "from shared.manifest import current; import msgspec\n"
        "body = msgspec.json.encode({'instances': [current().examples[0].instance]})\n"
        "print(asyncio.run(scoring.predict(body, 'r')).decode()); print(*sys.modules)"
    )
    environ = {**os.environ, "MODEL_MANIFEST": str(manifest_file)}
    command = [sys.executable, "-c", serve]
    done = subprocess.run(command, cwd=APP, env=environ, capture_output=True, text=True, check=True)
    answer, loaded = done.stdout.splitlines()
    assert '"predictions":' in answer
    assert "onnxruntime" in loaded.split()
    assert not set(loaded.split()) & {"sklearn", "scipy", "joblib", "pandas"}
