"""Columns put together: by name, position, mask and type, in unions and nested pipelines, chosen and passed through."""

from typing import Any

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import RandomForestRegressor
from sklearn.feature_selection import (
    RFE,
    SelectFromModel,
    SelectKBest,
    SelectPercentile,
    VarianceThreshold,
    f_regression,
)
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

from tests.tools.model.graphed import ARRAY, MIXED, NUMBERS, TARGET, WIDE, written
from tools.model.parity import TOLERANCE, NotServed

HOT = OneHotEncoder(handle_unknown="ignore")
TEXTS = ["città", "a b"]
SELECTIONS: dict[str, list[Any]] = {
    "names": [("n", StandardScaler(), list(NUMBERS)), ("t", HOT, TEXTS)],
    "texts first": [("t", HOT, TEXTS), ("n", StandardScaler(), list(NUMBERS))],
    "positions": [("n", MinMaxScaler(), [1, 0]), ("t", HOT, [3])],
    "a slice": [("n", MinMaxScaler(), slice(0, 2)), ("t", HOT, slice(2, 4))],
    "a mask": [("n", StandardScaler(), [True, False, False, False]), ("t", HOT, [False, False, True, True])],
    "types": [
        ("n", StandardScaler(), make_column_selector(dtype_include="number")),
        ("t", HOT, make_column_selector(dtype_exclude="number")),
    ],
    "passthrough and drop": [("n", "passthrough", list(NUMBERS)), ("t", "drop", TEXTS)],
    "nothing": [("none", StandardScaler(), []), ("n", StandardScaler(), list(NUMBERS)), ("t", HOT, TEXTS)],
}


@pytest.mark.parametrize("transformers", SELECTIONS.values(), ids=SELECTIONS)
def test_columns_are_chosen_as_in_training(transformers: list[Any]) -> None:
    estimator = make_pipeline(ColumnTransformer(transformers), Ridge())
    assert written(estimator, MIXED, TARGET).onnx.difference < TOLERANCE


def test_the_remainder_is_passed_through_or_transformed() -> None:
    for remainder in ("passthrough", StandardScaler()):
        columns = ColumnTransformer([("t", HOT, TEXTS)], remainder=remainder)
        assert written(make_pipeline(columns, Ridge()), MIXED, TARGET).onnx.difference < TOLERANCE


def test_pandas_output_changes_nothing() -> None:
    columns = ColumnTransformer(
        [("n", StandardScaler(), list(NUMBERS)), ("t", OneHotEncoder(sparse_output=False), TEXTS)]
    ).set_output(transform="pandas")
    assert written(make_pipeline(columns, Ridge()), MIXED, TARGET).onnx.difference < TOLERANCE


def test_a_union_has_weights_and_nested_pipelines() -> None:
    parts = [("plain", StandardScaler()), ("nested", make_pipeline(MinMaxScaler(), StandardScaler())), ("off", "drop")]
    union = FeatureUnion(parts, transformer_weights={"nested": 0.5})
    assert written(make_pipeline(union, Ridge()), ARRAY, TARGET).onnx.difference < TOLERANCE


@pytest.mark.parametrize(
    "selector",
    [
        SelectKBest(f_regression, k=2),
        SelectPercentile(f_regression, percentile=60),
        VarianceThreshold(),
        SelectFromModel(RandomForestRegressor(5, random_state=0)),
        RFE(LinearRegression(), n_features_to_select=2),
    ],
    ids=lambda selector: type(selector).__name__,
)
def test_selected_columns_are_those_of_training(selector: Any) -> None:
    estimator = make_pipeline("passthrough", selector, RandomForestRegressor(5, random_state=0))
    assert written(estimator, WIDE, WIDE @ np.arange(5.0)).onnx.difference == 0.0


def test_a_category_without_an_encoder_has_no_graph() -> None:
    class Reads(LinearRegression):
        """Reads texts by itself."""

        def fit(self, X: Any, y: Any) -> "Reads":  # noqa: N803
            return super().fit(NUMBERS, y)

        def predict(self, X: Any) -> Any:  # noqa: N803
            return super().predict(X[list(NUMBERS)])

    with pytest.raises(NotServed, match="no graph is written for"):
        written(make_pipeline(Reads()), MIXED, TARGET)
