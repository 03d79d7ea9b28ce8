"""A linear model as a weighted sum: the same for one row and for many, and nothing is loaded for it but numpy."""

import subprocess
import sys
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import model
from shared.linear import WeightedSum
from shared.manifest import APP, Artifact, Category, Linear, Number
from shared.model import Model
from shared.problems import InvalidInstances, ModelCorrupt
from shared.schemas import contract
from tests.models import manifest

FEATURES = [Number(name=name, range=(-3.0, 3.0)) for name in ("a", "b", "c")]
LINEAR = Linear(weights=(1.0, -2.0, 0.1), intercept=3.0, difference=0.0, tolerance=1e-9)
ARTIFACT = Artifact(file="gone.joblib", sha256="", estimator="", scikit_learn="0.1", linear=LINEAR)


def test_it_is_weights_times_features_and_the_intercept() -> None:
    columns = [np.array([1.0, 0.0]), np.array([2.0, 0.0]), np.array([10.0, 0.0])]
    answers = WeightedSum(LINEAR).answer(columns)
    assert answers.predictions == [1.0, 3.0]
    assert answers.spread == (1.0, 2.0, 3.0)


@given(st.lists(st.tuples(*[st.floats(-1e6, 1e6)] * 3), min_size=2, max_size=20))
def test_a_row_is_answered_alone_as_among_others(values: list[tuple[float, ...]]) -> None:
    columns = list(np.array(values).T.copy())
    alone = [WeightedSum(LINEAR).answer([column[i : i + 1] for column in columns]) for i in range(len(values))]
    assert [answers.predictions[0] for answers in alone] == WeightedSum(LINEAR).answer(columns).predictions


@pytest.mark.parametrize("rows", [1, 2])
def test_a_sum_that_overflows_is_refused_and_the_instance_named(rows: int) -> None:
    linear = Linear(weights=(1e10,), intercept=0.0, difference=0.0, tolerance=1e-9)
    of = manifest([Number(name="x", range=(0.0, 1e308))])
    instances = contract(of).decode(msgspec.json.encode({"instances": [{"x": 1.0}] * (rows - 1) + [{"x": 1e299}]}))
    with pytest.raises(InvalidInstances) as caught:
        Model(of, WeightedSum(linear)).score(instances)
    assert [field.pointer for field in caught.value.fields] == [f"/instances/{rows - 1}"]


def test_it_is_served_before_all_else_and_needs_no_file(tmp_path: Any) -> None:
    assert isinstance(model.answering(tmp_path, manifest(FEATURES, artifact=ARTIFACT)), WeightedSum)
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
def test_weights_that_are_not_those_of_the_features_are_model_integrity(tmp_path: Any, features: Any) -> None:
    with pytest.raises(ModelCorrupt):
        model.answering(tmp_path, manifest(features, artifact=ARTIFACT))


def test_serving_it_imports_neither_scikit_learn_nor_onnxruntime() -> None:
    serve = (
        "import numpy, sys; from shared.linear import WeightedSum; from shared.manifest import Linear\n"
        "said = Linear(weights=(2.0,), intercept=1.0, difference=0.0, tolerance=0.0)\n"
        "print(WeightedSum(said).answer([numpy.array([3.0])]).predictions[0]); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", serve], cwd=APP, capture_output=True, text=True, check=True)
    answer, loaded = done.stdout.splitlines()
    assert answer == "7.0"
    assert not set(loaded.split()) & {"sklearn", "scipy", "joblib", "pandas", "onnxruntime"}
