"""Steps as tables of categories: every encoder with every option, numbers that are categories, steps of an owner."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder, OrdinalEncoder, TargetEncoder
from sklearn.tree import DecisionTreeRegressor

from tests.tools.model.graphed import ARRAY, LABELS, MIXED, MIXED_GAPS, TARGET, THREE, encoded, written
from tools.model.parity import TOLERANCE, NotServed

UNKNOWN = {"handle_unknown": "use_encoded_value", "unknown_value": -1}
ENCODERS = [
    OneHotEncoder(),
    OneHotEncoder(drop="first"),
    OneHotEncoder(drop="if_binary", sparse_output=False),
    OneHotEncoder(handle_unknown="ignore"),
    OneHotEncoder(min_frequency=70, handle_unknown="infrequent_if_exist"),
    OneHotEncoder(max_categories=2, handle_unknown="ignore"),
    OrdinalEncoder(),
    OrdinalEncoder(categories=[["Roma", "Łódź"], ["z", "y", "x"]]),
    OrdinalEncoder(**UNKNOWN, encoded_missing_value=-2),
    OrdinalEncoder(**UNKNOWN, min_frequency=70),
    TargetEncoder(),
    TargetEncoder(smooth=3.0),
]


@pytest.mark.parametrize("encoder", ENCODERS, ids=str)
def test_an_encoder_is_its_own_table(encoder: Any) -> None:
    assert written(encoded(encoder, LinearRegression()), MIXED, TARGET).onnx.difference < TOLERANCE


@pytest.mark.parametrize(
    "encoder",
    [OneHotEncoder(), OneHotEncoder(handle_unknown="ignore"), OrdinalEncoder(**UNKNOWN, encoded_missing_value=-2)],
    ids=str,
)
def test_a_missing_category_has_a_row_of_its_own(encoder: Any) -> None:
    estimator = encoded(encoder, DecisionTreeRegressor(max_depth=5))
    frame = MIXED.assign(**{"a b": MIXED_GAPS["a b"]})
    assert written(estimator, frame, TARGET).onnx.difference == 0.0


def test_a_target_encoder_of_three_classes_has_three_columns() -> None:
    estimator = encoded(TargetEncoder(), LogisticRegression(max_iter=1_000))
    assert written(estimator, MIXED, THREE).onnx.difference < TOLERANCE


def test_many_values_are_compared_with_their_place() -> None:
    frame = pd.DataFrame({"zip": [f"z{i % 40}" for i in range(200)]})
    estimator = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LinearRegression())
    found = written(estimator, frame, TARGET)
    assert found.onnx.difference < TOLERANCE
    assert len(found.content) < 40 * 40 * 8


@pytest.mark.parametrize(
    "encoder", [OneHotEncoder(handle_unknown="ignore"), OneHotEncoder(), OrdinalEncoder(**UNKNOWN)]
)
def test_numbers_are_categories_where_they_are_encoded(encoder: Any) -> None:
    rows = np.column_stack([ARRAY[:, 0].round(), np.random.default_rng(0).integers(1, 4, len(ARRAY))])
    estimator = make_pipeline(
        ColumnTransformer([("floor", encoder, [1])], remainder="passthrough"), DecisionTreeRegressor(max_depth=4)
    )
    assert written(estimator, rows, TARGET).onnx.difference == 0.0


@pytest.mark.parametrize("encode", ["ordinal", "onehot", "onehot-dense"])
def test_bins_are_closed_on_their_left(encode: str) -> None:
    bins = KBinsDiscretizer(4, encode=encode, quantile_method="averaged_inverted_cdf")
    assert written(make_pipeline(bins, DecisionTreeRegressor()), ARRAY, TARGET).onnx.difference == 0.0


class Initials(TransformerMixin, BaseEstimator):
    """A step of an owner: the code of each text's first letter."""

    def fit(self, X: Any, y: Any = None) -> "Initials":  # noqa: N803
        self.fitted_ = True
        return self

    def transform(self, X: Any) -> Any:  # noqa: N803
        return np.vectorize(lambda text: float(ord(text[0])))(np.asarray(X, dtype=object))


class Together(Initials):
    """A step that combines the texts of two columns."""

    def transform(self, X: Any) -> Any:  # noqa: N803
        return np.array([[float(row[0] == "Roma" and row[1] == "x")] for row in np.asarray(X, dtype=object)])


def test_a_step_of_an_owner_is_a_table_too() -> None:
    assert written(encoded(Initials(), LogisticRegression(max_iter=1_000)), MIXED, LABELS).onnx.difference < TOLERANCE


def test_a_step_that_combines_columns_stays_with_scikit_learn() -> None:
    with pytest.raises(NotServed, match="combines categories of several columns"):
        written(encoded(Together(), LinearRegression()), MIXED, TARGET)
