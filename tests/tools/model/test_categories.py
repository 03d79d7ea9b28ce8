from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import BaggingRegressor, VotingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder

from tools.model.categories import of_columns, of_target, used_columns

FRAME = pd.DataFrame({"n": [1.0, 2.0] * 5, "a": ["NA", "x"] * 5, "b": ["p", "q"] * 5})
CATEGORIES = {"a": {"NA", "x"}, "b": {"p", "q"}}
TARGET = np.arange(10.0)


def pipeline(columns: Any = ("a", "b")) -> Any:
    encode = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder())
    return make_pipeline(ColumnTransformer([("texts", encode, columns)], remainder="passthrough"), LinearRegression())


@pytest.mark.parametrize(
    "estimator",
    [
        pipeline(["a", "b"]),
        pipeline([1, 2]),
        pipeline(slice(1, 3)),
        pipeline([False, True, True]),
        GridSearchCV(pipeline(["a", "b"]), {}, cv=2),
        VotingRegressor([("one", pipeline(["a", "b"]))]),
        make_pipeline(make_union(ColumnTransformer([("a", OrdinalEncoder(), ["a", "b"])])), LinearRegression()),
    ],
)
def test_the_categories_of_encoders_in_any_nesting_are_found(estimator: Any) -> None:
    estimator.fit(FRAME, TARGET)

    assert of_columns(estimator, ["n", "a", "b"]) == CATEGORIES


def test_a_model_of_an_array_has_the_columns_of_the_data_in_their_order() -> None:
    encoder = make_pipeline(OrdinalEncoder(), LinearRegression()).fit(FRAME[["a", "b"]].to_numpy(dtype=object), TARGET)

    assert of_columns(encoder, ["a", "b"]) == CATEGORIES


def test_columns_that_a_step_may_have_moved_or_changed_have_no_categories() -> None:
    moved = make_pipeline(
        ColumnTransformer([("b", "passthrough", ["b"]), ("a", "passthrough", ["a"])]), OrdinalEncoder()
    )
    changed = make_pipeline(FunctionTransformer(np.char.upper), OrdinalEncoder())
    chosen = BaggingRegressor(make_pipeline(OrdinalEncoder(), LinearRegression()), random_state=0)

    assert of_columns(moved.fit(FRAME[["a", "b"]]), ["a", "b"]) == {}
    assert of_columns(changed.fit(FRAME[["a", "b"]].to_numpy(dtype=str)), ["a", "b"]) == {}
    assert of_columns(chosen.fit(FRAME[["a", "b"]].replace({"NA": "x", "q": "p"}), TARGET), ["a", "b"]) == {}


@pytest.mark.parametrize(
    ("estimator", "used"),
    [
        (make_pipeline(ColumnTransformer([("a", OneHotEncoder(), ["a"])]), LinearRegression()), {"a"}),
        (GridSearchCV(make_pipeline(ColumnTransformer([("a", OneHotEncoder(), [1])]), LinearRegression()), {}), {"a"}),
        (pipeline(["a"]), {"n", "a", "b"}),
        (make_pipeline(OrdinalEncoder(), LinearRegression()), {"n", "a", "b"}),
    ],
    ids=["the others are dropped", "by position", "the others pass", "none is dropped"],
)
def test_the_columns_that_a_model_uses_are_those_that_it_does_not_drop(estimator: Any, used: set[str]) -> None:
    numbers = FRAME.assign(b=FRAME["n"])
    assert used_columns(estimator.fit(numbers, TARGET), ["other", *FRAME]) == used


def test_the_labels_are_those_of_a_classifier() -> None:
    assert of_target(LogisticRegression().fit([[1], [2]], ["None", "mild"])) == {"None", "mild"}
    assert of_target(LinearRegression()) == of_target(None) == set()
