"""Columns that are free text, by the estimator's vectorisers or by the owner's choice."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from shared.model.manifest import Category, Number, Text
from tests.tools.model.estimators import described, patients
from tools.model.data import table
from tools.model.refused import Refused


def notes() -> pd.DataFrame:
    """Return an age and a note of six words in each row, all different."""
    words = np.random.default_rng(1).choice(["pain", "fever", "cough", "rash", "none", "sleep"], (120, 6))
    return patients()[["age"]].assign(note=[f"{' '.join(row)} {i}" for i, row in enumerate(words)])


def vectorising(selected: Any, vectoriser: Any) -> Pipeline:
    """Return a linear model of `age` and the words of `note`."""
    return make_pipeline(ColumnTransformer([("note", vectoriser, selected)], remainder="passthrough"), Ridge())


@pytest.mark.parametrize(
    ("selected", "vectoriser"),
    [
        ("note", TfidfVectorizer()),
        ("note", make_pipeline(CountVectorizer(), TfidfTransformer())),
        (["note"], make_pipeline(FunctionTransformer(np.ravel), HashingVectorizer())),
        ("note", FeatureUnion([("words", CountVectorizer()), ("letters", CountVectorizer(analyzer="char"))])),
    ],
    ids=["name", "pipeline", "list", "union"],
)
def test_a_column_that_a_vectoriser_reads_is_free_text(selected: Any, vectoriser: Any) -> None:
    frame = notes()
    for model in (vectorising(selected, vectoriser), GridSearchCV(vectorising(selected, vectoriser), {}, cv=2)):
        manifest = described(model.fit(frame, frame["age"]), frame, frame["age"])
        assert [type(feature) for feature in manifest.features] == [Number, Text]


def test_a_vectoriser_may_select_its_column_by_position() -> None:
    rows = notes().to_numpy(dtype=object)
    model = vectorising(1, CountVectorizer()).fit(rows, rows[:, 0].astype(float))

    manifest = described(model, table(rows, rows[:, 0], names=["age", "note"], source="d"))

    assert [type(feature) for feature in manifest.features] == [Number, Text]


def test_an_estimator_of_texts_gets_a_list_of_texts() -> None:
    frame = notes()
    model = make_pipeline(TfidfVectorizer(), Ridge()).fit(frame["note"], frame["age"])

    assert described(model, frame[["note"]], frame["age"]).artifact.rows == "series"
    assert [each.name for each in described(model, frame, frame["age"], free_text=["note"]).features] == ["note"]
    with pytest.raises(Refused, match=r"reads one column of texts\. .* 2 columns .*: age, note\. .*--free-text"):
        described(model, frame, frame["age"])


def test_the_owner_makes_texts_free_text() -> None:
    frame = notes()
    columns = ColumnTransformer([("note", OneHotEncoder(handle_unknown="ignore"), ["note"])], remainder="passthrough")
    model = make_pipeline(columns, Ridge()).fit(frame, frame["age"])

    assert isinstance(described(model, frame, frame["age"], free_text=["note"]).features[1], Text)
    assert isinstance(described(model, frame, frame["age"], categories=["note"]).features[1], Category)
    with pytest.raises(Refused, match="It looks like free text or an id"):
        described(model, frame, frame["age"])
    with pytest.raises(Refused, match=r"Only columns of texts can be free text or categories, but not age\."):
        described(model, frame, frame["age"], free_text=["note"], categories=["age"])


def test_free_text_needs_an_estimator_that_predicts_with_any_text() -> None:
    frame = notes()
    model = make_pipeline(OneHotEncoder(), Ridge()).fit(frame[["note"]], frame["age"])

    with pytest.raises(Refused, match=r"the model does not predict with a new one in note\)"):
        described(model, frame[["note"]], frame["age"], free_text=["note"])
