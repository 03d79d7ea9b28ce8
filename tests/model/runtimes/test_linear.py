"""A linear model as a weighted sum: the same for one row and for many, and it needs numpy alone."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.loader import Model, load_runtime
from shared.model.manifest import APP, Artifact, Category, Linear, Number
from shared.model.runtimes.linear import LinearModel
from shared.problems import InvalidInstances, ModelCorrupt
from tests.models import instances, manifest

FEATURES = [Number(name=name, range=(-3.0, 3.0)) for name in ("a", "b", "c")]
LINEAR = Linear(weights=(1.0, -2.0, 0.1), intercept=3.0, difference=0.0, tolerance=1e-9)
ARTIFACT = Artifact(file="gone.joblib", sha256="", estimator="", scikit_learn="0.1", linear=LINEAR)


def test_it_is_weights_times_features_and_the_intercept() -> None:
    columns = [np.array([1.0, 0.0]), np.array([2.0, 0.0]), np.array([10.0, 0.0])]
    result = LinearModel(LINEAR).predict(columns)
    assert result.predictions == [1.0, 3.0]
    assert result.summary == (1.0, 2.0, 3.0)


@given(st.lists(st.tuples(*[st.floats(-1e6, 1e6)] * 3), min_size=2, max_size=20))
def test_a_row_has_the_same_prediction_alone_and_among_others(values: list[tuple[float, ...]]) -> None:
    columns = list(np.array(values).T.copy())
    model = LinearModel(LINEAR)
    alone = [model.predict([column[i : i + 1] for column in columns]) for i in range(len(values))]
    assert [result.predictions[0] for result in alone] == model.predict(columns).predictions


@pytest.mark.parametrize("rows", [1, 2])
def test_a_sum_that_overflows_is_refused_and_its_instance_named(rows: int) -> None:
    linear = Linear(weights=(1e10,), intercept=0.0, difference=0.0, tolerance=1e-9)
    described = manifest([Number(name="x", range=(0.0, 1e308))])
    with pytest.raises(InvalidInstances) as caught:
        Model(described, LinearModel(linear)).predict(instances(described, *[1.0] * (rows - 1), 1e299))
    assert [bad.pointer for bad in caught.value.bad_fields] == [f"/instances/{rows - 1}"]


def test_it_is_served_first_and_needs_no_file(tmp_path: Any) -> None:
    assert isinstance(load_runtime(tmp_path, manifest(FEATURES, artifact=ARTIFACT)), LinearModel)
    assert ARTIFACT.runtime == "numpy"


@pytest.mark.parametrize(
    "features",
    [
        FEATURES[:2],
        [*FEATURES, Number(name="d", range=(0.0, 1.0))],
        [*FEATURES[:2], Number(name="c", range=(0.0, 1.0), optional=True)],
        [*FEATURES[:2], Category(name="c", values=("x",))],
    ],
    ids=["too few", "too many", "one that may be missing", "a category"],
)
def test_weights_that_do_not_fit_the_features_are_model_integrity(tmp_path: Any, features: Any) -> None:
    with pytest.raises(ModelCorrupt):
        load_runtime(tmp_path, manifest(features, artifact=ARTIFACT))


def test_serving_it_imports_neither_scikit_learn_nor_onnxruntime() -> None:
    serve = (
        "import numpy, sys; from shared.model.manifest import Linear\n"
        "from shared.model.runtimes.linear import LinearModel\n"
        "linear = Linear(weights=(2.0,), intercept=1.0, difference=0.0, tolerance=0.0)\n"
        "print(LinearModel(linear).predict([numpy.array([3.0])]).predictions[0]); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", serve], cwd=APP, capture_output=True, text=True, check=True)
    prediction, loaded = done.stdout.splitlines()
    assert prediction == "7.0"
    assert not set(loaded.split()) & {"sklearn", "scipy", "joblib", "pandas", "onnxruntime"}
