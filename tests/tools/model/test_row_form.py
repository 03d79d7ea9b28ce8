"""Arrays in place of data frames where scikit-learn serves."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline

from shared.model.columns import assemble
from shared.model.runtimes import sklearn as runtime
from tests.tools.model.estimators import without_graph
from tests.tools.model.graphed import LABELS, NUMBERS, TARGET, contracted
from tools.model import adopt
from tools.model.row_form import with_arrays

NAMES = list(NUMBERS)


def form(estimator: Any, X: pd.DataFrame, y: Any) -> str:  # noqa: N803 - scikit-learn's name
    """Return the rows' form in the manifest of an estimator that scikit-learn serves."""
    manifest, data = contracted(estimator, X, y)
    return with_arrays(manifest, estimator, data).artifact.rows


def test_an_estimator_of_named_numbers_gets_arrays() -> None:
    assert form(make_pipeline(without_graph(), LinearRegression()).fit(NUMBERS / 50, TARGET), NUMBERS / 50, TARGET) == (
        "array"
    )


def test_probabilities_are_compared_too() -> None:
    class OtherProbabilities(LogisticRegression):  # type: ignore[misc]
        def predict_proba(self, X: Any) -> Any:  # noqa: N803 - scikit-learn's name
            return super().predict_proba(X) if hasattr(X, "columns") else super().predict_proba(X)[:, ::-1]

    assert form(OtherProbabilities().fit(NUMBERS, LABELS), NUMBERS, LABELS) == "frame"
    assert form(LogisticRegression().fit(NUMBERS, LABELS), NUMBERS, LABELS) == "array"


def test_columns_that_are_chosen_by_name_need_a_frame() -> None:
    by_name = ColumnTransformer([("both", without_graph(), NAMES)])

    assert form(make_pipeline(by_name, LinearRegression()).fit(NUMBERS / 50, TARGET), NUMBERS / 50, TARGET) == "frame"


class ReadsNames(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Weigh the columns of a data frame by name, those of an array in another order."""

    def fit(self, X: pd.DataFrame, _: Any) -> "ReadsNames":  # noqa: N803 - scikit-learn's name
        self.feature_names_in_ = np.array(list(X), dtype=object)
        return self

    def predict(self, X: Any) -> Any:  # noqa: N803
        return X[NAMES].to_numpy() @ [1.0, 2.0] if hasattr(X, "columns") else X @ [2.0, 1.0]


def test_an_estimator_that_predicts_something_else_from_arrays_keeps_its_frames() -> None:
    assert form(ReadsNames().fit(NUMBERS, TARGET), NUMBERS, TARGET) == "frame"


class ReadsGaps(ReadsNames):
    """Read a missing value as 0 in a data frame, as -1 in an array."""

    def predict(self, X: Any) -> Any:  # noqa: N803
        values = X.to_numpy() if hasattr(X, "columns") else X
        return np.where(np.isnan(values), 0.0 if hasattr(X, "columns") else -1.0, values).sum(axis=1)


def test_rows_with_missing_values_are_compared_too() -> None:
    gaps = NUMBERS.copy()
    gaps.iloc[-3:] = np.nan

    assert form(ReadsGaps().fit(NUMBERS, TARGET), NUMBERS, TARGET) == "array"
    assert form(ReadsGaps().fit(gaps, TARGET), gaps, TARGET) == "frame"


def test_the_service_makes_arrays_and_scikit_learn_does_not_warn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forest = make_pipeline(without_graph(), RandomForestClassifier(n_estimators=5, random_state=0, n_jobs=-1))
    X = NUMBERS / 50  # noqa: N806 - scikit-learn's name
    manifest = adopt(forest.fit(X, LABELS), X, LABELS, name="stay", folder=tmp_path)
    made: list[Any] = []

    def assembled(*args: Any) -> Any:
        made.append(assemble(*args))
        return made[-1]

    monkeypatch.setattr(runtime, "assemble", assembled)

    predicted = runtime.load(tmp_path, manifest).predict(list(X.to_numpy().T), probabilities=True)

    assert [type(rows) for rows in made] == [np.ndarray]
    assert predicted.predictions == forest.predict(X).tolist()
    assert predicted.probabilities == forest.predict_proba(X).tolist()
