from typing import Any

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from tools.model.texts import begins_with_vectoriser, has_vectoriser, vectorised_columns

COLUMNS = ["age", "note", "title"]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (TfidfVectorizer(), True),
        (make_union(OneHotEncoder(), HashingVectorizer()), True),
        (make_pipeline(FunctionTransformer(np.ravel), make_union(CountVectorizer())), True),
        (make_pipeline(OneHotEncoder(), Ridge()), False),
        ("passthrough", False),
    ],
    ids=["vectoriser", "union", "nested", "none", "text"],
)
def test_a_vectoriser_is_found_in_any_nesting(step: Any, expected: bool) -> None:
    assert has_vectoriser(step) is expected


def test_only_an_estimator_whose_first_step_is_a_vectoriser_begins_with_it() -> None:
    assert begins_with_vectoriser(make_pipeline(make_pipeline(CountVectorizer()), Ridge()))
    assert not begins_with_vectoriser(make_pipeline(FunctionTransformer(np.ravel), CountVectorizer(), Ridge()))
    assert not begins_with_vectoriser(Ridge())


@pytest.mark.parametrize(
    ("selected", "expected"),
    [("note", {"note"}), (2, {"title"}), (["note", "title"], {"note", "title"})],
    ids=["a name", "a position", "names"],
)
def test_vectorised_columns_are_those_that_a_column_transformer_selects(selected: Any, expected: set[str]) -> None:
    columns = ColumnTransformer([("text", TfidfVectorizer(), selected), ("rest", OneHotEncoder(), ["age"])])

    assert vectorised_columns(make_pipeline(columns, Ridge()), COLUMNS) == expected


def test_no_column_is_vectorised_without_a_vectoriser() -> None:
    assert vectorised_columns(make_pipeline(OneHotEncoder(), Ridge()), COLUMNS) == frozenset()
