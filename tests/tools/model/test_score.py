from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge

from shared.model.manifest import Manifest, Training
from tests.tools.model.estimators import draft, linear, numbers
from tools.model import contract, score
from tools.model.contract import Texts
from tools.model.data import Table, table
from tools.model.output import Edges
from tools.model.refused import Refused

X, Y = numbers()
RARE = np.arange(60) >= 57
"""Three of sixty rows."""


def described(estimator: object, data: Table, kind: str = "regressor") -> Manifest:
    """Return the manifest of an estimator with its contract."""
    return contract.build(draft(kind), estimator, data, Texts(), Edges())


def checked(estimator: Any, rows: Any, target: Any, *, anyway: bool = False, names: Sequence[str] = ()) -> None:
    """Check a model with data."""
    data = table(rows, target, names=names, source="train.csv")
    kind = "classifier" if hasattr(estimator, "classes_") else "regressor"
    score.check(described(estimator, data, kind), estimator, data, anyway=anyway)


def test_the_score_of_a_regressor_is_r2_on_held_out_rows() -> None:
    data = table(X, Y, source="d")

    assert score.training(described(linear(), data), linear(), data) == Training(
        data="train.csv", rows=120, score=1.0, score_name="R²", held_out=60
    )


def test_the_score_of_a_classifier_is_accuracy_on_held_out_rows() -> None:
    model = LogisticRegression().fit(X, Y > 0)
    manifest = described(model, table(X, Y > 0, source="d"), "classifier")
    quarter_wrong = np.where(np.arange(60) < 45, model.predict(X), ~model.predict(X))

    training = score.training(manifest, model, table(X, quarter_wrong, source="d"))

    assert (training.score, training.score_name) == (0.75, "accuracy")


def test_the_target_of_a_regressor_must_be_numbers() -> None:
    manifest = described(linear(), table(X, Y, source="d"))

    with pytest.raises(Refused, match="the target y has other values"):
        score.score(manifest, linear(), table(X, ["high"] * 60, source="d"))


def test_labels_of_another_type_are_wrong_predictions() -> None:
    model = LogisticRegression().fit(X, np.where(Y > 0, "1", "0"))
    manifest = described(model, table(X, Y, source="d"), "classifier")

    assert score.score(manifest, model, table(X, (Y > 0).astype(int), source="d")) == 0.0


def test_columns_in_another_order_are_refused() -> None:
    model = LinearRegression().fit(X * [1, 10], Y)

    with pytest.raises(Refused, match=r"predicts y in train.csv no better than its average does: R² is -"):
        checked(model, (X * [1, 10])[:, ::-1], Y)


def test_a_regressor_that_predicts_the_average_is_adopted_only_anyway(capsys: pytest.CaptureFixture[str]) -> None:
    model = DummyRegressor().fit(X, Y)

    with pytest.raises(Refused, match=r"R² is 0\."):
        checked(model, X, Y)
    checked(model, X, Y, anyway=True)

    assert "no better than its average does" in capsys.readouterr().out


def test_a_low_r2_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    checked(Ridge(alpha=5_000).fit(X, Y), X, Y)

    assert "This is low." in capsys.readouterr().out


def test_labels_of_another_kind_are_refused_with_both() -> None:
    model = LogisticRegression().fit(X, np.where(Y > 0, "yes", "no"))

    with pytest.raises(
        Refused, match=r"No label of y in train.csv is a class of the model: 0, 1 against 'no', 'yes'\."
    ):
        checked(model, X, (Y > 0).astype(int))


def test_a_label_that_the_model_lacks_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    model = LogisticRegression().fit(X, np.where(Y > 0, "yes", "no"))

    checked(model, X, np.where(Y > 2, "maybe", np.where(Y > 0, "yes", "no")))

    assert "The model has no class for these labels: 'maybe'." in capsys.readouterr().out


def test_a_classifier_that_is_no_better_than_chance_is_refused_with_the_figures() -> None:
    model = LogisticRegression().fit(X, Y > 0)

    with pytest.raises(
        Refused, match=r"no better than chance on train.csv: its accuracy is 0\.\d+, and 0\.\d+ without .* 0\.5 without"
    ):
        checked(model, -X, Y > 0)


def test_a_rare_class_that_is_never_predicted_but_ranked_is_adopted(capsys: pytest.CaptureFixture[str]) -> None:
    rows = np.where(RARE, 1.0, 0.0).reshape(-1, 1)
    model = LogisticRegression(C=0.01).fit(rows, RARE)
    assert not model.predict(rows).any()

    checked(model, rows, RARE)

    assert "This is low: the most frequent class alone has 0.95." in capsys.readouterr().out


def test_a_rare_class_that_is_never_predicted_and_not_ranked_is_refused() -> None:
    model = DummyClassifier().fit(X, RARE)

    with pytest.raises(Refused, match=r"no better than chance on train.csv: its accuracy is 0\.95"):
        checked(model, X, RARE)


def test_a_classifier_that_finds_rare_events_is_adopted(capsys: pytest.CaptureFixture[str]) -> None:
    rows = np.column_stack([np.where(RARE, 2.0, np.arange(60) % 4), X[:, 0]])
    model = LogisticRegression(class_weight="balanced").fit(rows, RARE)

    checked(model, rows, RARE)

    assert "The balanced accuracy is" in capsys.readouterr().out


def test_data_with_one_label_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    checked(LogisticRegression().fit(X, Y > 0), X + 9, np.full(60, True))

    assert capsys.readouterr().out == "Accuracy on the training data: 1.\n"


def test_held_out_rows_must_have_the_columns_of_the_model() -> None:
    frame = pd.DataFrame(X, columns=["a", "b"])
    model = LinearRegression().fit(frame, Y)
    manifest = described(model, table(frame, Y, source="d"))

    with pytest.raises(Refused, match=r"test.csv lacks columns that are features of the model: b\."):
        score.training(manifest, model, table(frame[["a"]], Y, source="test.csv"))
