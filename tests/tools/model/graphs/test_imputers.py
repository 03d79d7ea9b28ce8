"""Imputers: every strategy for numbers and texts, indicators, numbers that stand for missing values."""

from typing import Any

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder
from sklearn.tree import DecisionTreeRegressor

from tests.tools.model.graphed import GAPS, MIXED_GAPS, NUMBERS, TARGET, written
from tools.model.parity import TOLERANCE


@pytest.mark.parametrize("strategy", ["mean", "median", "most_frequent", "constant"])
@pytest.mark.parametrize("indicator", [False, True])
def test_numbers_get_their_statistic(strategy: Any, indicator: bool) -> None:
    estimator = make_pipeline(SimpleImputer(strategy=strategy, add_indicator=indicator), LinearRegression())
    assert written(estimator, GAPS, TARGET).onnx.difference < TOLERANCE


@pytest.mark.parametrize("strategy", ["most_frequent", "constant"])
@pytest.mark.parametrize("encoder", [OneHotEncoder(handle_unknown="ignore"), OrdinalEncoder()], ids=str)
def test_texts_get_their_statistic(strategy: Any, encoder: Any) -> None:
    texts = make_pipeline(SimpleImputer(strategy=strategy), encoder)
    columns = ColumnTransformer([("t", texts, ["città", "a b"]), ("n", SimpleImputer(), list(NUMBERS))])
    estimator = make_pipeline(columns, DecisionTreeRegressor(max_depth=6))
    assert written(estimator, MIXED_GAPS, TARGET).onnx.difference == 0.0


def test_one_imputer_fills_numbers_and_texts() -> None:
    whole = SimpleImputer(strategy="most_frequent")
    columns = ColumnTransformer([("t", OneHotEncoder(), [2, 3]), ("n", "passthrough", [0, 1])])
    estimator = make_pipeline(whole, columns, DecisionTreeRegressor(max_depth=6))
    assert written(estimator, MIXED_GAPS, TARGET).onnx.difference == 0.0


@pytest.mark.parametrize("features", ["missing-only", "all"])
def test_an_indicator_marks_gaps(features: Any) -> None:
    rows = make_union(SimpleImputer(), MissingIndicator(features=features, error_on_new=False))
    assert written(make_pipeline(rows, DecisionTreeRegressor()), GAPS, TARGET).onnx.difference == 0.0


def test_a_number_stands_for_missing_values() -> None:
    rows = np.nan_to_num(GAPS, nan=-1.0)
    estimator = make_pipeline(SimpleImputer(missing_values=-1.0), DecisionTreeRegressor())
    assert written(estimator, rows, TARGET).onnx.difference == 0.0
