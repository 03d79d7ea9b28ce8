import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression

from tests.tools.model.estimators import encoded, of, patients, stay
from tools.model.probe import agree, quietly, used
from tools.model.refused import Refused


def test_a_call_that_fails_or_warns_answers_nothing() -> None:
    def warn() -> int:
        warnings.warn("X has feature names", UserWarning, stacklevel=1)
        return 1

    assert quietly(lambda: 1 / 0) is None
    assert quietly(warn) is None
    assert quietly(int, "7") == 7


def test_columns_that_a_pipeline_drops_are_not_used() -> None:
    frame = patients()
    model = encoded().fit(frame, stay(frame))

    assert len(model.feature_names_in_) == 12
    assert used(model, of(frame), list(model.feature_names_in_)) == ["age", "ward"]


def test_dropped_columns_may_be_absent_from_the_data() -> None:
    frame = patients()
    model = encoded().fit(frame, stay(frame))

    assert used(model, of(frame[["ward", "age"]]), list(model.feature_names_in_)) == ["age", "ward"]


def test_needed_columns_must_be_in_the_data() -> None:
    frame = patients()
    model = encoded().fit(frame, stay(frame))

    with pytest.raises(Refused, match=r"train\.csv lacks columns that the model was trained on: .*ward"):
        used(model, of(frame.drop(columns="ward")), list(model.feature_names_in_))


def test_a_column_without_weight_is_used_all_the_same() -> None:
    frame = pd.DataFrame({"a": np.arange(20.0), "b": np.zeros(20)})
    model = LinearRegression().fit(frame, frame["a"])

    assert used(model, of(frame), ["a", "b"]) == ["a", "b"]


def test_an_estimator_that_looks_at_nothing_keeps_a_feature() -> None:
    frame = pd.DataFrame({"a": np.arange(20.0), "b": np.zeros(20)})
    model = DummyRegressor().fit(frame, frame["a"])

    assert used(model, of(frame), ["a", "b"])


@pytest.mark.parametrize(
    ("raw", "served", "expected"),
    [
        ([1.0, 1000.0], [1.0 + 1e-9, 1000.0], True),
        ([1.0, 1000.0], [1.0, 1000.1], False),
        (["a", "b"], ["a", "b"], True),
        (["a", "b"], ["a", "c"], False),
        ([1, 2], [1, 2], True),
    ],
)
def test_answers_agree_up_to_rounding(raw: list[Any], served: list[Any], expected: bool) -> None:
    assert agree(np.array(raw), np.array(served)) is expected
