import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression

from shared.model.manifest import Statistics, Training
from tests.tools.model.estimators import boosted, draft, linear, numbers, of, patients, stay
from tools.model import contract, statistics
from tools.model.contract import Words
from tools.model.data import table
from tools.model.output import Bands
from tools.model.refused import Refused


def test_numbers_have_quantiles_and_categories_shares() -> None:
    frame = patients()
    data = of(frame, stay(frame))
    model = boosted().fit(frame, stay(frame))
    found = contract.of(draft(), model, data, Words(), Bands())

    made = statistics.of(found, model, data)

    ages = np.quantile(frame["age"], [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1])
    assert made.quantiles["age"] == pytest.approx(tuple(ages), rel=1e-5)
    assert made.shares["ward"]["x"] == pytest.approx((frame["ward"] == "x").mean(), abs=1e-5)
    assert set(made.missing) == {"0", "città"}
    assert made.missing["0"] == pytest.approx(frame["0"].isna().mean(), abs=1e-5)
    assert sum(made.shares["città"].values()) == pytest.approx(1 - made.missing["città"], abs=1e-4)


def test_a_regressors_answers_have_quantiles_and_class_shares() -> None:
    data = table(*numbers(), source="d")
    model = linear()
    found = contract.of(draft(), model, data, Words(), Bands([0.0], ["below", "above"]))

    made = statistics.of(found, model, data)

    assert made.prediction_quantiles[0] == pytest.approx(data.target.min(), rel=1e-5)
    assert made.prediction_quantiles[3] == pytest.approx(np.median(data.target), rel=1e-5)
    assert made.prediction_shares["above"] == pytest.approx((data.target >= 0).mean(), abs=1e-5)


def test_a_classifiers_answers_have_a_share_for_every_class() -> None:
    X, y = numbers()  # noqa: N806 - scikit-learn's name
    data = table(X, y > 0, source="d")
    model = DummyClassifier(strategy="constant", constant=True).fit(X, y > 0)
    found = contract.of(draft("classifier"), model, data, Words(), Bands())

    made = statistics.of(found, model, data)

    assert made.prediction_shares == {"false": 0.0, "true": 1.0}
    assert made.prediction_quantiles == ()


def test_data_without_a_complete_row_has_no_answers() -> None:
    frame = pd.DataFrame({"a": [1.0, np.nan] * 10, "b": [np.nan, 1.0] * 10})
    model = LinearRegression().fit(frame.fillna(0), np.arange(20))
    data = of(frame, np.arange(20))
    found = contract.of(draft(), model, data, Words(), Bands())

    made = statistics.of(found, model, data)

    assert made == Statistics(quantiles={"a": (1.0,) * 7, "b": (1.0,) * 7}, missing={"a": 0.5, "b": 0.5})
    assert statistics.score(found, model, data) is None


def test_the_score_is_r2_or_accuracy_on_held_out_rows() -> None:
    X, y = numbers()  # noqa: N806 - scikit-learn's name
    data = table(X, y, source="d")
    found = contract.of(draft(), linear(), data, Words(), Bands())
    labels = LogisticRegression().fit(X, y > 0)
    classes = contract.of(draft("classifier"), labels, table(X, y > 0, source="d"), Words(), Bands())

    assert statistics.scored(found, linear(), data) == Training(
        data="train.csv", rows=120, score=1.0, score_name="R²", held_out=60
    )
    wrong = table(X, np.where(np.arange(60) < 45, labels.predict(X), ~labels.predict(X)), source="d")
    assert statistics.scored(classes, labels, wrong).score == 0.75
    assert statistics.scored(classes, labels, wrong).score_name == "accuracy"


def test_a_regressors_target_must_be_numbers() -> None:
    X, y = numbers()  # noqa: N806 - scikit-learn's name
    found = contract.of(draft(), linear(), table(X, y, source="d"), Words(), Bands())

    with pytest.raises(Refused, match="the target y holds something else"):
        statistics.score(found, linear(), table(X, ["high"] * 60, source="d"))


def test_labels_of_another_type_are_wrong_answers() -> None:
    X, y = numbers()  # noqa: N806 - scikit-learn's name
    model = LogisticRegression().fit(X, np.where(y > 0, "1", "0"))
    found = contract.of(draft("classifier"), model, table(X, y, source="d"), Words(), Bands())

    assert statistics.score(found, model, table(X, (y > 0).astype(int), source="d")) == 0.0


def test_statistics_are_plain_numbers() -> None:
    data = table(*numbers(), source="d")
    found = contract.of(draft(), linear(), data, Words(), Bands())

    made = statistics.of(found, linear(), data)

    assert {type(each) for each in (*made.prediction_quantiles, *made.quantiles["x0"])} == {float}
