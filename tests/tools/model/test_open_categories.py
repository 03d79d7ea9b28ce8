"""Categories that are open to new values, and those that are closed."""

from typing import Any

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from shared.model.manifest import Category, Manifest
from tests.tools.model.estimators import described, patients


def opened(manifest: Manifest) -> list[str]:
    """Return the names of the open categories."""
    return [feature.name for feature in manifest.features if isinstance(feature, Category) and feature.open]


@pytest.mark.parametrize(
    ("encoder", "expected"),
    [
        (OneHotEncoder(), []),
        (OneHotEncoder(handle_unknown="ignore"), ["ward"]),
        (OneHotEncoder(handle_unknown="ignore", drop="first"), ["ward"]),  # scikit-learn warns, and predicts
        (OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=60), ["ward"]),
        (OrdinalEncoder(), []),
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), ["ward"]),
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan), []),  # no finite number
    ],
    ids=str,
)
def test_a_category_is_open_if_the_encoder_takes_new_values(encoder: Any, expected: list[str]) -> None:
    frame = patients()[["age", "ward"]]
    columns = ColumnTransformer([("texts", encoder, ["ward"])], remainder="passthrough")
    model = make_pipeline(columns, LinearRegression()).fit(frame, frame["age"])

    assert opened(described(model, frame, frame["age"])) == expected
    assert opened(described(model, frame, frame["age"], closed=True)) == []


def test_each_category_is_open_or_closed_by_itself() -> None:
    frame = patients()[["age", "ward", "a b"]]
    encoders = [("open", OneHotEncoder(handle_unknown="ignore"), ["ward"]), ("closed", OneHotEncoder(), ["a b"])]
    model = make_pipeline(ColumnTransformer(encoders, remainder="passthrough"), LinearRegression())

    assert opened(described(model.fit(frame, frame["age"]), frame, frame["age"])) == ["ward"]


def test_a_category_of_a_typed_frame_is_closed() -> None:
    frame = patients()[["age", "ward"]].astype({"ward": "category"})
    model = HistGradientBoostingRegressor(categorical_features="from_dtype", max_iter=5).fit(frame, frame["age"])

    assert opened(described(model, frame, frame["age"])) == []
