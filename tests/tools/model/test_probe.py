import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline

from tests.tools.model.estimators import encoded, patients, stay, training_table
from tools.model.probe import agree, try_call, used_columns
from tools.model.refused import Refused


@pytest.fixture(scope="module")
def model() -> Pipeline:
    """A model of `age` and `ward` that is fitted on twelve names."""
    return encoded().fit(patients(), stay(patients()))


def test_a_call_that_fails_or_warns_has_no_result() -> None:
    def warn() -> int:
        warnings.warn("X has feature names", UserWarning, stacklevel=1)
        return 1

    assert try_call(lambda: 1 / 0) is None
    assert try_call(warn) is None
    assert try_call(int, "7") == 7


def test_columns_that_a_pipeline_drops_are_not_used(model: Pipeline) -> None:
    assert len(model.feature_names_in_) == 12
    assert used_columns(model, training_table(patients()), list(model.feature_names_in_)) == ["age", "ward"]


def test_dropped_columns_may_be_absent_from_the_data(model: Pipeline) -> None:
    data = training_table(patients()[["ward", "age"]])

    assert used_columns(model, data, list(model.feature_names_in_)) == ["age", "ward"]


def test_needed_columns_must_be_in_the_data(model: Pipeline) -> None:
    data = training_table(patients().drop(columns="ward"))

    with pytest.raises(Refused, match=r"train\.csv lacks columns that the model was trained on: .*ward"):
        used_columns(model, data, list(model.feature_names_in_))


def test_a_column_without_weight_is_used_all_the_same() -> None:
    frame = pd.DataFrame({"a": np.arange(20.0), "b": np.zeros(20)})
    model = LinearRegression().fit(frame, frame["a"])

    assert used_columns(model, training_table(frame), ["a", "b"]) == ["a", "b"]


def test_an_estimator_that_ignores_its_features_keeps_one() -> None:
    frame = pd.DataFrame({"a": np.arange(20.0), "b": np.zeros(20)})
    model = DummyRegressor().fit(frame, frame["a"])

    assert used_columns(model, training_table(frame), ["a", "b"])


@pytest.mark.parametrize(
    ("expected", "served", "same"),
    [
        ([1.0, 1000.0], [1.0 + 1e-9, 1000.0], True),
        ([1.0, 1000.0], [1.0, 1000.1], False),
        (["a", "b"], ["a", "b"], True),
        (["a", "b"], ["a", "c"], False),
        ([1, 2], [1, 2], True),
    ],
)
def test_predictions_agree_up_to_rounding(expected: list[Any], served: list[Any], same: bool) -> None:
    assert agree(np.array(expected), np.array(served)) is same
